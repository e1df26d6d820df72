/** Owns `procwarden checks list` and `checks history`: which checks there are, how they last went, and how they went before. */
import { Command, Option } from 'commander'
import { CheckList } from '../remediator/api/schemas.ts'
import { CHECK_OUTCOMES, type CheckResult } from '../remediator/checks/result.ts'
import { listCheckRuns } from '../remediator/store/check-runs.ts'
import { parseMoment, parsePositiveInteger, stateDirOption } from './options.ts'
import { readStore } from './read-store.ts'
import { ask, remediatorOptions, requireRemediator, type RemediatorFlags } from './remediator-client.ts'
import { paragraph, table, terminalWidth } from './table.ts'

interface ListFlags extends RemediatorFlags {
  readonly json?: boolean
}

interface HistoryFlags {
  readonly 'state.dir': string
  readonly json?: boolean
  readonly limit: number
  readonly since?: string
  readonly outcome?: string
}

export function checksListCommand(): Command {
  const command = new Command('list')
    .description('which checks the running remediator has, how each last went, and what is healthy')
    .addOption(stateDirOption())
    .addOption(new Option('--json', 'the checks as JSON'))
  for (const option of remediatorOptions()) command.addOption(option)
  return command.action(async (flags: ListFlags) => {
    const checks = CheckList.parse(await ask(requireRemediator(flags), '/api/checks', flags))
    if (flags.json === true) {
      process.stdout.write(`${JSON.stringify(checks, null, 2)}\n`)
      return
    }
    const rows = checks.map(({ name, kind, everySeconds, last, healthy }) => [
      name,
      kind,
      `${everySeconds} s`,
      last?.outcome.replace('_', ' ') ?? 'never ran',
      last?.at.slice(0, 19).replace('T', ' ') ?? '-',
      milliseconds(last?.figures.latencyP95Seconds),
      milliseconds(healthy?.latencyP95Seconds),
    ])
    process.stdout.write(
      rows.length === 0
        ? 'There are no checks.\n'
        : table(['CHECK', 'KIND', 'EVERY', 'LAST', 'AT (UTC)', 'P95', 'HEALTHY P95'], rows, terminalWidth()),
    )
  })
}

export function checksHistoryCommand(): Command {
  return new Command('history')
    .description('how checks went before, newest first; also while no loop runs')
    .argument('[name]', 'only of this check')
    .addOption(stateDirOption())
    .addOption(new Option('--json', 'an array with every field'))
    .addOption(new Option('--limit <n>', 'at most this many').argParser(parsePositiveInteger).default(50))
    .addOption(new Option('--outcome <outcome>', 'only with this').choices(CHECK_OUTCOMES))
    .addOption(new Option('--since <when>', '90m, 2h, 7d, or 2026-01-31T12:00:00Z').argParser(parseMoment))
    .action((check: string | undefined, flags: HistoryFlags) => {
      const { since, outcome } = flags
      const runs = readStore(flags['state.dir'], (database) => listCheckRuns(database, flags.limit, { check, since, outcome }))
      process.stdout.write(flags.json === true ? `${JSON.stringify(runs, null, 2)}\n` : historyPage(runs, terminalWidth()))
    })
}

function historyPage(runs: readonly CheckResult[], width: number): string {
  if (runs.length === 0) return 'No runs.\n'
  const rows = runs.map(({ at, check, outcome, trigger, figures }) => [
    at.slice(0, 19).replace('T', ' '),
    check,
    outcome.replace('_', ' '),
    trigger,
    milliseconds(figures.latencyP95Seconds),
  ])
  const [title = '', ...lines] = table(['AT (UTC)', 'CHECK', 'OUTCOME', 'WHY', 'P95'], rows, width).trimEnd().split('\n')
  const body = lines.flatMap((line, index) => {
    const run = runs[index]
    const isWorthWords = run !== undefined && (run.outcome !== 'passed' || run.drift.length > 0)
    return isWorthWords ? [line, ...paragraph([run.text, ...run.drift].join(' '), width, 4)] : [line]
  })
  return `${[title, ...body].join('\n')}\n`
}

function milliseconds(seconds: number | undefined): string {
  return seconds === undefined ? '-' : `${(seconds * 1000).toFixed(1)} ms`
}
