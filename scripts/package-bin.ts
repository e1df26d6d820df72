/** Owns `npm run package:bin`: the single executables, into build/bin. Usage: node scripts/package-bin.ts [--out DIR] [NAME...] */
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { EXECUTABLES, buildExecutable } from './package/single-file.ts'

const { values, positionals } = parseArgs({ options: { out: { type: 'string' } }, allowPositionals: true })
const folder = path.resolve(values.out ?? path.join(import.meta.dirname, '../build/bin'))
for (const name of positionals.length > 0 ? positionals : Object.keys(EXECUTABLES)) {
  const file = await buildExecutable(name, folder)
  process.stdout.write(`${file} (${(statSync(file).size / 1e6).toFixed(0)} MB)\n`)
}
// Each executable is a copy of Node with something in it.
writeFileSync(
  path.join(folder, 'LICENSE.nodejs'),
  gunzipSync(readFileSync(path.join(import.meta.dirname, '../packaging/LICENSE.nodejs.gz'))),
)
