/**
 * Owns `npm run bench:webhook`: how fast alerts are acknowledged, beside a webhook that runs its command while the request
 * waits. Leaves no process and no file behind.
 * Flags: --rate 200 (deliveries a second)  --seconds 30  --alerts 10000 (in one delivery)  --command-seconds 0.1 (of the other's
 * command)  --json  --only NAME (repeatable)  --as-built (measure dist/ as it is)
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { createChildren, type StartedProgram } from './lib/children.ts'
import { machine, say, wholeNumber } from './lib/command.ts'
import { buildExporter, ROOT } from './lib/exporter.ts'
import { deliver, payload, steadyLoad, type Target } from './webhook/load.ts'
import { formatReport, summary, verdicts, type Measurement } from './webhook/report.ts'

const { values: flags } = parseArgs({
  options: {
    rate: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '30' },
    alerts: { type: 'string', default: '10000' },
    'command-seconds': { type: 'string', default: '0.1' },
    json: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
    'as-built': { type: 'boolean', default: false },
  },
})
const perSecond = wholeNumber('--rate', flags.rate, 10_000)
const seconds = wholeNumber('--seconds', flags.seconds, 3_600)
const largeAlerts = wholeNumber('--alerts', flags.alerts, 100_000)
const stop = new AbortController()
const children = createChildren()
const stateDir = mkdtempSync(path.join(os.tmpdir(), 'procwarden-bench-'))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => void end(130))

interface Contender {
  readonly name: string
  readonly start: () => Promise<{ readonly program: StartedProgram; readonly target: Target }>
}

const contenders: readonly Contender[] = [
  { name: 'procwarden', start: startRemediator },
  { name: 'command in the request', start: startInRequest },
]

try {
  if (!flags['as-built']) {
    say('compiling')
    buildExporter()
  }
  const measurements: Measurement[] = []
  for (const contender of contenders) {
    if (flags.only.length > 0 && !flags.only.some((part) => contender.name.includes(part))) continue
    measurements.push(await measure(contender))
  }
  const output = flags.json
    ? JSON.stringify({ machine: machine(), measurements: measurements.map(summary), verdicts: verdicts(measurements) }, undefined, 2)
    : `${machine()}\n\n${formatReport(measurements)}`
  process.stdout.write(`${output}\n`)
  await end(0)
} catch (error) {
  if (!stop.signal.aborted) say(error instanceof Error ? error.message : String(error))
  await end(1)
}

async function measure({ name, start }: Contender): Promise<Measurement> {
  const { program, target } = await start()
  say(`${name}: ${perSecond} deliveries a second for ${seconds} s`)
  // A process that lives, so that the remediator has somebody to identify: it is told to observe, and touches nobody.
  const labels = { group: 'sleep', pid: String(program.pid), remediate: 'kill' }
  const body = (index: number): string => payload(1, labels, index)
  await deliver(target, payload(1, labels, 900_000_000))
  const steady = await steadyLoad(target, { perSecond, seconds, body }, stop.signal)
  say(`${name}: ${largeAlerts} alerts in one delivery`)
  const large = await deliver(target, payload(largeAlerts, labels, 1_000_000))
  const peakResidentBytes = peakResident(program.pid)
  program.signal('SIGKILL')
  return { name, steady, steadyPerSecond: perSecond, large, largeAlerts, peakResidentBytes }
}

async function startRemediator(): Promise<{ program: StartedProgram; target: Target }> {
  const args = [path.join(ROOT, 'dist/cli/main.js'), 'remediator', '--state.dir', stateDir, '--web.listen-address', '127.0.0.1:0']
  const program = children.start(process.execPath, args)
  const line = await program.line(/Ready on http/)
  const token = readFileSync(path.join(stateDir, 'webhook-token'), 'utf8').trim()
  return { program, target: { url: addressIn(line), token } }
}

async function startInRequest(): Promise<{ program: StartedProgram; target: Target }> {
  const program = children.start(process.execPath, [path.join(ROOT, 'bench/webhook/in-request.ts'), 'sleep', flags['command-seconds']])
  return { program, target: { url: addressIn(await program.line(/listening on http/)), token: '' } }
}

function addressIn(line: string): string {
  const [url] = /http:\/\/[^\s,]+/.exec(line) ?? []
  if (url === undefined) throw new Error(`no address in: ${line}`)
  return url
}

/** VmHWM of proc_pid_status(5): what sampling could miss is in it. */
function peakResident(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) * 1024
}

async function end(code: number): Promise<never> {
  stop.abort()
  await children.close()
  rmSync(stateDir, { recursive: true, force: true })
  process.exit(code)
}
