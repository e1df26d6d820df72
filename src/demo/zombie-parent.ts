/** A program that misbehaves: it never asks what became of its children. Run by `procwarden demo zombie-parent`. */
import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: { seconds: { type: 'string' }, max: { type: 'string' } } })
const seconds = Number(values.seconds ?? 600)
const zombies = Math.min(200, Number(values.max ?? 20))

// The shell becomes a sleep, which knows nothing of the children it inherits from the shell: they stay zombies until it ends.
const script = 'i=0; while [ $i -lt "$1" ]; do sleep 1 & i=$((i+1)); done; exec sleep "$2"'
const parent = spawn('sh', ['-c', script, 'sh', String(zombies), String(seconds)], { stdio: 'ignore' })
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => parent.kill(signal))
process.on('disconnect', () => {
  parent.kill('SIGTERM')
  process.exit(0)
})
parent.once('exit', (code, signal) => {
  process.exitCode = signal === null && code === 0 ? 0 : 1
  process.disconnect?.()
})
