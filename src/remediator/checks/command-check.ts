/** Owns the checks `command` and `sql`: a program, run so often and so many at a time, whose exit code and output are judged. */
import { printable } from '../../lib/log.ts'
import { runCommand, type CommandResult } from '../../lib/run-command.ts'
import type { CheckOf } from './definition.ts'
import { inMs } from './words.ts'
import { fillPlaces } from './places.ts'
import { failed, percentile, type Measured } from './result.ts'
import type { CheckTools } from './check-tools.ts'

const OUTPUT_BYTES_MAX = 262_144
const SHOWN_MAX = 200

/** Undefined when it is as it should be, else what is wrong. */
type Judge = (result: CommandResult) => string | undefined

export function runCommandCheck(check: CheckOf<'command'>, tools: CheckTools, signal: AbortSignal): Promise<Measured> {
  return runAll(check, tools, signal, ({ ending, stdout }) => {
    if (ending.kind !== 'exited') return undefined
    if (ending.code !== check.exit_code) return `exit code ${ending.code}`
    return check.contains === undefined || stdout.includes(check.contains) ? undefined : `its output does not hold "${check.contains}"`
  })
}

export function runSql(check: CheckOf<'sql'>, tools: CheckTools, signal: AbortSignal): Promise<Measured> {
  return runAll(check, tools, signal, ({ ending, stdout }) => {
    if (ending.kind !== 'exited') return undefined
    if (ending.code !== 0) return `exit code ${ending.code}`
    return stdout.trim() === check.expect.trim() ? undefined : `it answers "${stdout.trim()}", not "${check.expect.trim()}"`
  })
}

async function runAll(
  check: CheckOf<'command'> | CheckOf<'sql'>,
  { places, environment }: CheckTools,
  signal: AbortSignal,
  judge: Judge,
): Promise<Measured> {
  const argv = check.argv.map((argument) => fillPlaces(argument, places))
  const [program = ''] = argv
  const endMs = performance.now() + check.timeout_seconds * 1000
  const latencies: number[] = []
  const faults: string[] = []
  let begun = 0
  const work = async (): Promise<void> => {
    while (begun < check.runs) {
      begun += 1
      const startMs = performance.now()
      const result = await runCommand(
        { argv, environment, timeoutMs: Math.max(1, endMs - startMs), outputBytesMax: OUTPUT_BYTES_MAX },
        signal,
      )
      latencies.push((performance.now() - startMs) / 1000)
      const fault = endingFault(result) ?? judge(result)
      if (fault !== undefined) faults.push(withWords(fault, result))
      // Each further one would wait just as long.
      if (result.ending.kind === 'timed_out' || result.ending.kind === 'not_started') begun = check.runs
    }
  }
  await Promise.all(Array.from({ length: check.concurrency }, work))
  return verdict(check, program, latencies, faults)
}

function verdict(
  check: CheckOf<'command'> | CheckOf<'sql'>,
  program: string,
  latencies: readonly number[],
  faults: readonly string[],
): Measured {
  const p95 = percentile(latencies, 0.95)
  const figures = {
    requests: latencies.length,
    errorRatio: faults.length / Math.max(1, latencies.length),
    ...(p95 === undefined ? {} : { latencyP95Seconds: p95 }),
  }
  const [first] = faults
  if (first !== undefined) {
    const share = latencies.length > 1 ? ` ${faults.length} of ${latencies.length} times` : ''
    const text = printable(`${program} failed${share}: ${first}.`).slice(0, SHOWN_MAX * 2)
    return first.startsWith(TIMED_OUT) ? { outcome: 'timed_out', text, figures } : failed(text, figures)
  }
  if (check.p95_seconds_max !== undefined && p95 !== undefined && p95 > check.p95_seconds_max)
    return failed(`The p95 of ${program} is ${inMs(p95)}, above the ${inMs(check.p95_seconds_max)} it may take.`, figures)
  const times = latencies.length > 1 ? ` ${latencies.length} times, p95 ${inMs(p95 ?? 0)}` : ` in ${inMs(p95 ?? 0)}`
  return { outcome: 'passed', text: printable(`${program} did as it should${times}.`), figures }
}

const TIMED_OUT = 'it did not end in time'

function endingFault({ ending }: CommandResult): string | undefined {
  if (ending.kind === 'timed_out') return TIMED_OUT
  if (ending.kind === 'signalled') return `it was ended by ${ending.signal}`
  return ending.kind === 'not_started' ? `it could not be started: ${ending.why}` : undefined
}

function withWords(fault: string, { stdout, stderr }: CommandResult): string {
  const said = (stderr.trim() || stdout.trim()).split('\n').at(-1) ?? ''
  return said === '' || fault.includes(said) ? fault.slice(0, SHOWN_MAX) : `${fault} (${said})`.slice(0, SHOWN_MAX)
}
