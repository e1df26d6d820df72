/** Owns `npm run package:deb`: the Debian package, into build/deb. Usage: node scripts/package-deb.ts [--out DIR] [--version VERSION] */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { layDebianTree } from './package/debian-tree.ts'
import { makeDebianPackage } from './package/debian-package.ts'
import { runProgram } from './package/run-program.ts'

const ROOT = path.dirname(import.meta.dirname)

const { values } = parseArgs({ options: { out: { type: 'string' }, version: { type: 'string' } } })
const version =
  values.version ?? z.object({ version: z.string() }).parse(JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'))).version
const tree = mkdtempSync(path.join(os.tmpdir(), 'procwarden-deb-'))
try {
  const epochSeconds = await sourceDateEpoch()
  await layDebianTree(tree, epochSeconds)
  const file = await makeDebianPackage(tree, { version, epochSeconds, outDir: path.resolve(values.out ?? path.join(ROOT, 'build/deb')) })
  process.stdout.write(`${file} (${(statSync(file).size / 1e6).toFixed(0)} MB)\n`)
} finally {
  rmSync(tree, { recursive: true, force: true })
}

/** Given (reproducible-builds.org), else the time of the last commit, else of the package file: never the time of the build. */
async function sourceDateEpoch(): Promise<number> {
  const given = process.env['SOURCE_DATE_EPOCH']
  if (given !== undefined && /^\d+$/.test(given)) return Number(given)
  const commit = await runProgram('git', ['log', '-1', '--format=%ct'], { cwd: ROOT }).catch(() => '')
  return Number(commit.trim()) || Math.floor(statSync(path.join(ROOT, 'package.json')).mtimeMs / 1000)
}
