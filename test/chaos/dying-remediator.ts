/**
 * Owns a remediator that ends itself by SIGKILL when it reaches the N-th boundary of its work, before or after a stage, or so many
 * milliseconds after the first one. Everything else is the real one. Prints each boundary it passes.
 * Usage: node test/chaos/dying-remediator.ts STATE_DIR WHEN (a boundary's number, 37ms, or never) [CONFIG]
 */
import { writeSync } from 'node:fs'
import { createLogger } from '../../src/lib/log.ts'
import { runRemediator } from '../../src/remediator/main.ts'

const [stateDir = '', when = 'never', configFile] = process.argv.slice(2)
const delayMs = /^(\d+)ms$/.exec(when)?.[1]
let passed = 0

function pass(name: string): void {
  passed += 1
  // Written at once: what is buffered dies with the process.
  writeSync(1, `boundary ${passed} ${name}\n`)
  if (String(passed) === when) die()
  if (passed === 1 && delayMs !== undefined) setTimeout(die, Number(delayMs))
}

function die(): void {
  process.kill(process.pid, 'SIGKILL')
}

const log = createLogger({ level: 'warn', format: 'text', part: 'remediator' })
const observer = {
  before: (stage: string): void => pass(`before ${stage}`),
  after: (stage: string): void => pass(`after ${stage}`),
}
const remediator = await runRemediator(
  { stateDir, address: { host: '127.0.0.1', port: 0 }, mode: 'auto', ...(configFile === undefined ? {} : { configFile }) },
  log,
  { observer },
)
writeSync(1, `ready ${remediator.url}\n`)
process.once('SIGTERM', () => void remediator.close().then(() => process.exit(0)))
