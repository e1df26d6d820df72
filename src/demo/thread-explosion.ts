/** A program that misbehaves: after a quiet while it starts hundreds of threads at once. Run by `procwarden demo thread-explosion`. */
import { spawn } from 'node:child_process'
import { pbkdf2 } from 'node:crypto'
import { parseArgs } from 'node:util'
import { fileURLToPath } from 'node:url'

const { values } = parseArgs({
  options: { seconds: { type: 'string' }, max: { type: 'string' }, quiet: { type: 'string' }, exploding: { type: 'boolean' } },
})
const seconds = Number(values.seconds ?? 600)
const quietSeconds = Number(values.quiet ?? 150)

if (values.exploding === true) {
  // libuv starts its whole pool at the first piece of work for it.
  setTimeout(() => pbkdf2('demo', 'demo', 1, 16, 'sha256', () => undefined), quietSeconds * 1000)
  setTimeout(() => process.exit(0), seconds * 1000)
  // Whoever started it holds the other end of its standard input.
  process.stdin.resume().on('end', () => process.exit(0))
} else {
  // The size of the pool is read from the environment when the program begins: env(1) sets it.
  const args = [`UV_THREADPOOL_SIZE=${Math.min(1024, Number(values.max ?? 300))}`, process.execPath, fileURLToPath(import.meta.url)]
  const flags = ['--exploding', '--seconds', String(seconds), '--quiet', String(quietSeconds)]
  const child = spawn('env', [...args, ...flags], { stdio: ['pipe', 'inherit', 'inherit'] })
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => child.kill(signal))
  process.on('disconnect', () => process.exit(0))
  child.once('exit', (code) => {
    process.exitCode = code ?? 1
    process.disconnect?.()
  })
}
