/** A program that misbehaves: its children start children of their own, up to a limit. Run by `procwarden demo fork-bomb`. */
import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: { seconds: { type: 'string' }, max: { type: 'string' } } })
const seconds = Number(values.seconds ?? 120)
const processesMax = Math.min(200, Number(values.max ?? 80))
const PER_SHELL = 7
const TICK_MS = 200

// Shells with sleeping children: light, and each ends by itself, also when this program is killed.
const script = 'i=0; while [ $i -lt "$1" ]; do sleep "$2" & i=$((i+1)); done; wait'
const shells: number[] = []
let started = 0
const timer = setInterval(() => {
  const grandchildren = Math.min(PER_SHELL, processesMax - started - 1)
  if (grandchildren < 1) return clearInterval(timer)
  // A process group of its own, so that all of it can be ended on the way out.
  const shell = spawn('sh', ['-c', script, 'sh', String(grandchildren), String(seconds)], { stdio: 'ignore', detached: true })
  shell.on('error', () => undefined)
  if (shell.pid !== undefined) shells.push(shell.pid)
  started += grandchildren + 1
}, TICK_MS)
process.on('exit', () => {
  for (const shell of shells) endGroup(shell)
})
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => process.exit(128))
process.on('disconnect', () => process.exit(0))
setTimeout(() => process.exit(0), seconds * 1000)

function endGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
