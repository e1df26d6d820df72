/** A program that misbehaves: it writes the same document again and again, under new names, until it is stopped. Run by `procwarden demo file-storm`. */
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: { dir: { type: 'string' }, rate: { type: 'string' }, max: { type: 'string' } } })
const directory = values.dir ?? '.'
const perSecond = Number(values.rate ?? 50)
const filesMax = Number(values.max ?? 100_000)
const document = 'Dear customer,\n\nthis is your copy. There is no other like it.\n'.repeat(32)
const TICK_MS = 10

mkdirSync(directory, { recursive: true })
const startedAt = performance.now()
let written = 0
const timer = setInterval(() => {
  const due = Math.min(Math.floor(((performance.now() - startedAt) / 1000) * perSecond), filesMax)
  while (written < due) {
    written += 1
    writeFileSync(path.join(directory, `document-${process.pid}-${String(written).padStart(6, '0')}.txt`), document)
  }
  process.send?.({ written })
  if (written < filesMax) return
  clearInterval(timer)
  process.disconnect?.()
}, TICK_MS)
// Without the terminal that started it there is nobody to watch it.
process.on('disconnect', () => process.exit(0))
