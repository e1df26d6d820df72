/** A program that misbehaves: its job comes and goes a few times, and then does not come to an end. Run by `procwarden demo long-runner`. */
import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'
import { fileURLToPath } from 'node:url'
import path from 'node:path'

const { values } = parseArgs({ options: { seconds: { type: 'string' }, max: { type: 'string' }, quiet: { type: 'string' } } })
const runs = Number(values.max ?? 4)
const usualSeconds = Number(values.quiet ?? 75)
const endMs = performance.now() + Number(values.seconds ?? 2400) * 1000
const program = fileURLToPath(new URL(`./long-runner-job${path.extname(import.meta.filename)}`, import.meta.url))

let child: ReturnType<typeof spawn> | undefined
process.on('disconnect', () => process.exit(0))
process.on('exit', () => child?.kill('SIGTERM'))
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => process.exit(128))

function run(number: number): void {
  const seconds = number <= runs ? usualSeconds : Math.max(1, (endMs - performance.now()) / 1000)
  child = spawn(process.execPath, [program, '--seconds', String(seconds)], { stdio: ['pipe', 'ignore', 'ignore'] })
  child.on('error', () => process.exit(1))
  child.once('exit', () => {
    if (number > runs) process.exit(0)
    // Long enough to be seen to have ended.
    setTimeout(() => run(number + 1), usualSeconds * 1000)
  })
}
run(1)
