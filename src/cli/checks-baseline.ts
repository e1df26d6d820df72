/** Owns `procwarden checks baseline`: runs the checks and saves their figures as what is healthy. */
import path from 'node:path'
import { Command, Option } from 'commander'
import { UsageError } from '../lib/errors.ts'
import { baselineFile, healthyFigures, readBaseline, writeBaseline, type Baseline } from '../remediator/checks/baseline.ts'
import type { CheckResult } from '../remediator/checks/result.ts'
import { prepareStateDir } from '../stack/state-dir.ts'
import { addCheckOptions, createCheckRunner, runChecks, type CheckFlags } from './check-runner.ts'
import { checksPage } from './checks-run.ts'
import { parsePositiveInteger } from './options.ts'
import { terminalWidth } from './table.ts'

interface Flags extends CheckFlags {
  readonly json?: boolean
  readonly force?: boolean
  readonly runs: number
}

export function checksBaselineCommand(): Command {
  const command = new Command('baseline')
    .description('run the checks and save their figures as healthy; later runs are judged against them')
    .argument('[name...]', 'only these; the figures of the others stay as they are')
    .addOption(new Option('--runs <n>', 'run each so often and save the worst').argParser(parsePositiveInteger).default(3))
    .addOption(new Option('--force', 'save what passes even when a check fails'))
    .addOption(new Option('--json', 'the saved baseline as JSON'))
  return addCheckOptions(command).action(async (names: readonly string[], flags: Flags) => {
    const stateDir = path.resolve(flags['state.dir'])
    prepareStateDir(stateDir)
    const runner = await createCheckRunner(flags)
    try {
      const results = await runChecks(runner, names, 'baseline', flags.runs)
      const saved = save(results, stateDir, flags)
      const page = `${checksPage(worstOf(results), terminalWidth())}Saved as healthy in ${baselineFile(stateDir)}.\n`
      process.stdout.write(flags.json === true ? `${JSON.stringify(saved, null, 2)}\n` : page)
    } finally {
      runner.close()
    }
  })
}

function save(results: readonly CheckResult[], stateDir: string, { force }: Flags): Baseline {
  const failed = results.filter(({ outcome }) => outcome === 'failed' || outcome === 'timed_out')
  if (failed.length > 0 && force !== true)
    throw new UsageError(
      [
        'nothing was saved, for what is not healthy cannot be a baseline:',
        ...failed.map(({ check, text }) => `  ${check}: ${text}`),
        'mend it, name the checks to be saved, or save what passes with --force',
      ].join('\n'),
    )
  const passed = Map.groupBy(
    results.filter(({ outcome }) => outcome === 'passed'),
    ({ check }) => check,
  )
  if (passed.size === 0) throw new UsageError('nothing was saved: no check passed; is the loop running, and on this --state.dir?')
  // A broken file is no reason not to save a sound one.
  const before = ignoringFaults(() => readBaseline(stateDir))
  const figures = [...passed].map(([check, runs]) => [check, healthyFigures(runs)] as const)
  const baseline: Baseline = {
    version: 1,
    at: new Date().toISOString(),
    checks: { ...before?.checks, ...Object.fromEntries(figures) },
  }
  writeBaseline(stateDir, baseline)
  return baseline
}

/** Of each check the slowest run. */
function worstOf(results: readonly CheckResult[]): CheckResult[] {
  return [...Map.groupBy(results, ({ check }) => check).values()].flatMap(
    (runs) => runs.toSorted((a, b) => (b.figures.latencyP95Seconds ?? 0) - (a.figures.latencyP95Seconds ?? 0))[0] ?? [],
  )
}

function ignoringFaults<Value>(read: () => Value): Value | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
