/** A program that misbehaves: it opens files and never closes them, up to a limit. Run by `procwarden demo fd-leak`. */
import { openSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { fileURLToPath } from 'node:url'

const { values } = parseArgs({ options: { seconds: { type: 'string' }, max: { type: 'string' }, rate: { type: 'string' } } })
const endMs = performance.now() + Number(values.seconds ?? 1800) * 1000
const filesMax = Number(values.max ?? 2000)
const perMinute = Number(values.rate ?? 60)
const itself = fileURLToPath(import.meta.url)
const TICK_MS = 1000

process.on('disconnect', () => process.exit(0))
const startedAt = performance.now()
let opened = 0
const timer = setInterval(() => {
  const due = Math.min(filesMax, Math.floor(((performance.now() - startedAt) / 60_000) * perMinute))
  while (opened < due && open()) opened += 1
  if (performance.now() < endMs) return
  clearInterval(timer)
  process.disconnect?.()
}, TICK_MS)

/** False when the limit of open files (ulimit -n) is reached: that is where such a program ends up. */
function open(): boolean {
  try {
    openSync(itself, 'r')
    return true
  } catch {
    return false
  }
}
