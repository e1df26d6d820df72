/** Owns programs that write files for tests: at a steady pace, into one folder, as processes of their own. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { withoutCapabilities } from './capabilities.ts'
import { temporaryDirectory, temporaryProcess } from './temporary.ts'

/** Writes the same document under new names, one every `everyMs`. The program's group is `runaway-writer.cjs`. */
export function startRunawayWriter(directory: string, everyMs: number, options: { readonly withoutCapabilities?: boolean } = {}) {
  const program = path.join(temporaryDirectory(), 'runaway-writer.cjs')
  const source = `const fs = require('fs'), start = performance.now(); let n = 0
    const file = () => process.argv[2] + '/doc-' + process.pid + '-' + String(++n).padStart(6, '0')
    setInterval(() => { while (n * ${everyMs} < performance.now() - start) fs.writeFileSync(file(), 'the same\\n'.repeat(500)) }, ${Math.min(everyMs, 20)})`
  writeFileSync(program, source)
  const args = [program, directory]
  return options.withoutCapabilities === true
    ? temporaryProcess(...withoutCapabilities(process.execPath, args))
    : temporaryProcess(process.execPath, args)
}
