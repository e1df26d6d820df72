/** A program that misbehaves: after a quiet while it takes much memory at once and keeps it. Run by `procwarden demo sudden-allocation`. */
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: { seconds: { type: 'string' }, max: { type: 'string' }, quiet: { type: 'string' } } })
const seconds = Number(values.seconds ?? 600)
const megabytes = Number(values.max ?? 700)
const quietSeconds = Number(values.quiet ?? 90)
const kept: Buffer[] = []

process.on('disconnect', () => process.exit(0))
setTimeout(() => {
  // Filled, so that the kernel has to give the pages for it.
  while (kept.length < megabytes) kept.push(Buffer.alloc(1_000_000, (kept.length % 255) + 1))
}, quietSeconds * 1000)
setTimeout(() => process.exit(0), seconds * 1000)
