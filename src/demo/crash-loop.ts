/** A program that misbehaves: it crashes, is started again, and crashes again. Run by `procwarden demo crash-loop`. */
import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'
import { fileURLToPath } from 'node:url'

const { values } = parseArgs({
  options: { seconds: { type: 'string' }, max: { type: 'string' }, rate: { type: 'string' }, crashing: { type: 'boolean' } },
})
const endMs = performance.now() + Number(values.seconds ?? 300) * 1000
const crashesMax = Number(values.max ?? 60)
const pauseMs = 60_000 / Number(values.rate ?? 20)
/** Long enough to be seen as itself. */
const LIFE_MS = 500

if (values.crashing === true) setTimeout(() => process.kill(process.pid, 'SIGSEGV'), LIFE_MS)
else {
  process.on('disconnect', () => process.exit(0))
  let crashes = 0
  const again = (): void => {
    if (crashes >= crashesMax || performance.now() > endMs) return process.disconnect?.()
    // Without a core dump each time.
    const script = 'ulimit -c 0; exec "$0" "$1" --crashing'
    const child = spawn('sh', ['-c', script, process.execPath, fileURLToPath(import.meta.url)], { stdio: 'ignore' })
    child.on('error', () => process.exit(1))
    child.once('exit', () => {
      crashes += 1
      setTimeout(again, pauseMs)
    })
  }
  again()
}
