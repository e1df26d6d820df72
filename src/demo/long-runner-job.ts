/** A job that takes its time and does nothing. Started by `procwarden demo long-runner`, over and over. */
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: { seconds: { type: 'string' } } })
setTimeout(() => process.exit(0), Number(values.seconds ?? 60) * 1000)
// Whoever started it holds the other end of its standard input.
process.stdin.resume().on('end', () => process.exit(0))
