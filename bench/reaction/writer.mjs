/** A program that writes files at a steady pace, and says when it crossed the threshold and when a signal reached it. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'

const [directory = '.', rate = '50', crossing = '101'] = process.argv.slice(2)
const startedAt = performance.now()
let written = 0
process.on('SIGTERM', () => {
  process.stdout.write(`signalled ${Date.now()}\n`, () => process.exit(0))
})
setInterval(() => {
  while (written < ((performance.now() - startedAt) / 1000) * Number(rate)) {
    written += 1
    writeFileSync(path.join(directory, `document-${written}.txt`), 'the same again\n')
    if (written === Number(crossing)) process.stdout.write(`crossed ${Date.now()}\n`)
  }
}, 5)
