/** A program that misbehaves: it writes the same file over and over and waits for the disk each time. Run by `procwarden demo disk-thrash`. */
import { randomInt } from 'node:crypto'
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: { seconds: { type: 'string' }, max: { type: 'string' }, dir: { type: 'string' } } })
const endMs = performance.now() + Number(values.seconds ?? 600) * 1000
const mbMax = Number(values.max ?? 64)
const directory = mkdtempSync(path.join(values.dir ?? os.tmpdir(), 'procwarden-demo-'))
const file = openSync(path.join(directory, 'thrashed'), 'w')
const BLOCK = Buffer.alloc(16 * 1024, 'x')
/** Many small ones to each wait: on a disk that is slow, or busy for others, they are still too many. */
const WRITES = 32
const BLOCKS = Math.max(1, Math.floor((mbMax * 1024 * 1024) / BLOCK.length))

// Where the folder cannot be removed on the way out, as on KILL, one file of a known size stays in the folder for temporary files.
process.on('exit', () => {
  closeSync(file)
  rmSync(directory, { recursive: true, force: true })
})
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => process.exit(128))
process.on('disconnect', () => process.exit(0))
function turn(): void {
  for (let write = 0; write < WRITES; write++) writeSync(file, BLOCK, 0, BLOCK.length, randomInt(BLOCKS) * BLOCK.length)
  fsyncSync(file)
  if (performance.now() < endMs) setImmediate(turn)
  else process.exit(0)
}
turn()
