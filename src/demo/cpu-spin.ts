/** A program that misbehaves: it computes nothing, as fast as it can, until its time is over. Run by `procwarden demo cpu-spin`. */
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: { seconds: { type: 'string' } } })
const endMs = performance.now() + Number(values.seconds ?? 900) * 1000
/** Short enough to hear a signal or the end of the terminal in between. */
const TURN_MS = 50

process.on('disconnect', () => process.exit(0))
function turn(): void {
  const untilMs = performance.now() + TURN_MS
  let sum = 0
  while (performance.now() < untilMs) sum = (sum * 31 + 7) % 1_000_003
  if (performance.now() < endMs) setImmediate(turn)
  else process.exit(sum < 0 ? 1 : 0)
}
turn()
