/** Owns `procwarden checks run`: synthetic checks now, as a table or as JSON. Exit code 1 when one fails or none could be tried. */
import { Command, Option } from 'commander'
import type { CheckResult } from '../remediator/checks/result.ts'
import { addCheckOptions, createCheckRunner, runChecks, type CheckFlags } from './check-runner.ts'
import { paragraph, table, terminalWidth } from './table.ts'

interface Flags extends CheckFlags {
  readonly json?: boolean
}

export function checksRunCommand(): Command {
  const command = new Command('run')
    .description('run synthetic checks now; exit code 1 when one fails')
    .argument('[name...]', 'only these')
    .addOption(new Option('--json', 'an array with the result of each'))
  return addCheckOptions(command).action(async (names: readonly string[], flags: Flags) => {
    const runner = await createCheckRunner(flags)
    try {
      const results = await runChecks(runner, names, 'hand')
      process.stdout.write(flags.json === true ? `${JSON.stringify(results, null, 2)}\n` : checksPage(results, terminalWidth()))
      process.exitCode = verdictOf(results).isFine ? 0 : 1
    } finally {
      runner.close()
    }
  })
}

/** A row for each, what it says below it, and the whole in a sentence. */
export function checksPage(results: readonly CheckResult[], width: number): string {
  if (results.length === 0) return `${verdictOf(results).text}\n`
  const rows = results.map((result) => [
    result.check,
    result.outcome.replace('_', ' '),
    result.figures.latencyP95Seconds === undefined ? '-' : `${(result.figures.latencyP95Seconds * 1000).toFixed(1)} ms`,
    result.figures.errorRatio === undefined ? '-' : `${(result.figures.errorRatio * 100).toFixed(1)} %`,
    `${result.durationSeconds.toFixed(1)} s`,
  ])
  const [title = '', ...lines] = table(['CHECK', 'OUTCOME', 'P95', 'ERRORS', 'TOOK'], rows, width).trimEnd().split('\n')
  const body = lines.flatMap((line, index) => {
    const result = results[index]
    if (result === undefined) return [line]
    return [line, ...paragraph(result.text, width, 4), ...result.drift.flatMap((each) => paragraph(`drifts: ${each}`, width, 4))]
  })
  return `${[title, ...body, verdictOf(results).text].join('\n')}\n`
}

export function verdictOf(results: readonly CheckResult[]): { readonly isFine: boolean; readonly text: string } {
  const bad = results.filter(({ outcome }) => outcome === 'failed' || outcome === 'timed_out').length
  const skipped = results.filter(({ outcome }) => outcome === 'skipped').length
  const drifting = results.filter(({ drift }) => drift.length > 0).length
  const notes = [...(drifting > 0 ? [`${drifting} away from healthy`] : []), ...(skipped > 0 ? [`${skipped} could not be tried`] : [])]
  const also = notes.length === 0 ? '' : `; ${notes.join(', ')}`
  if (results.length === 0) return { isFine: false, text: 'There are no checks: add some to checks.suite.' }
  if (skipped === results.length) return { isFine: false, text: 'No check could be tried: is the loop running, and on this --state.dir?' }
  if (bad > 0) return { isFine: false, text: `${bad} of ${results.length} checks failed${also}.` }
  const passed = results.length - skipped
  return { isFine: true, text: `${passed} ${passed === 1 ? 'check' : 'checks'} passed${also}.` }
}
