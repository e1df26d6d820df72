/**
 * A program that creates files as fast as it can and says what that cost it. It reads one command a line:
 * `create DIR COUNT` for new files of 2 KB, `pairs DIR COUNT` for files that are removed at once, and answers with JSON.
 */
import { unlinkSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

const CONTENT = 'Dear customer,\n\nthis is your copy. There is no other like it.\n'.repeat(32)

createInterface({ input: process.stdin }).on('line', (line) => {
  const [verb, directory, count] = line.split(' ')
  const before = process.cpuUsage()
  const startMs = performance.now()
  for (let index = 0; index < Number(count); index++) {
    const path = `${directory}/${verb}-${String(index).padStart(6, '0')}.txt`
    writeFileSync(path, CONTENT, { flag: 'wx' })
    if (verb === 'pairs') unlinkSync(path)
  }
  const wallMs = performance.now() - startMs
  const { user, system } = process.cpuUsage(before)
  process.stdout.write(`${JSON.stringify({ wallMs, cpuMs: (user + system) / 1000 })}\n`)
})
process.stdout.write('ready\n')
