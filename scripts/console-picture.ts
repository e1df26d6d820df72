/** Owns `npm run docs:console`: the picture of the console in docs/images is what the browser test saw last, made small enough for a page. */
import { copyFileSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'
import { execa } from 'execa'

const ROOT = path.resolve(import.meta.dirname, '..')
const SEEN = path.join(ROOT, 'test/e2e/output/console.png')
const SHOWN = path.join(ROOT, 'docs/images/console.png')
const BYTES_MAX = 200_000

rmSync(SEEN, { force: true })
await execa('vitest', ['run', '--project', 'e2e', 'test/e2e/console.test.ts', '-t', 'wrong token|storm appears'], {
  cwd: ROOT,
  preferLocal: true,
  stdio: 'inherit',
})
const { size } = statSync(SEEN)
if (size > BYTES_MAX) throw new Error(`the picture has ${size} bytes, more than ${BYTES_MAX}: show less in it`)
copyFileSync(SEEN, SHOWN)
process.stdout.write(`${path.relative(ROOT, SHOWN)}: ${size} bytes\n`)
