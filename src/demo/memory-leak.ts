/** A program that misbehaves: it keeps everything it ever allocated, up to a limit. Run by `procwarden demo memory-leak`. */
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: { seconds: { type: 'string' }, max: { type: 'string' }, rate: { type: 'string' } } })
const endMs = performance.now() + Number(values.seconds ?? 900) * 1000
const mbMax = Number(values.max ?? 1024)
const mbPerMinute = Number(values.rate ?? 60)
const kept: Buffer[] = []
const TICK_MS = 1000

process.on('disconnect', () => process.exit(0))
const startedAt = performance.now()
const timer = setInterval(() => {
  const due = Math.min(mbMax, Math.floor(((performance.now() - startedAt) / 60_000) * mbPerMinute))
  // Filled, so that the kernel has to give the pages for it.
  while (kept.length < due) kept.push(Buffer.alloc(1_000_000, kept.length % 255))
  if (performance.now() < endMs) return
  clearInterval(timer)
  process.disconnect?.()
}, TICK_MS)
