/** Owns `procwarden backtest`: the flags of a replay, and handing it to whoever replays a Prometheus' history or a CSV file. */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { runBacktest } from '../backtest/backtest.ts'
import { runCsvBacktest } from '../backtest/csv-backtest.ts'
import { parseCsv, parseMoment } from '../backtest/csv.ts'
import { levelPlots } from '../backtest/curves.ts'
import { applyChanges, parseChange, withThresholds } from '../backtest/threshold-changes.ts'
import { parseWindows } from '../backtest/windows.ts'
import { UsageError, errnoOf, messageOf } from '../lib/errors.ts'
import { nearest } from '../rules/nearest.ts'
import { SHIPPED_RULES_DIR, findRuleFiles, readRules, type Rule } from '../rules/rule-files.ts'
import { findTool } from '../stack/tools.mjs'
import { csvReport, historyReport, type Report } from './backtest-report.ts'
import { collect, parseDurationMs, parsePositiveInteger } from './options.ts'
import { createProgress } from './progress.ts'
import { addPrometheusOptions, prometheusOf, type PrometheusFlags } from './prometheus-options.ts'
import { rulesDirOption } from './rules.ts'
import { terminalWidth } from './table.ts'

interface Flags extends PrometheusFlags {
  readonly days: number
  readonly from?: number
  readonly to?: number
  readonly step: number
  readonly set?: readonly string[]
  readonly thresholds?: string
  readonly alert?: readonly string[]
  readonly group?: readonly string[]
  readonly 'rules.dir'?: readonly string[]
  readonly csv?: string
  readonly signal?: string
  readonly scale: number
  readonly windows?: string
  readonly plot?: string
  readonly json?: boolean
}

const DAY_SECONDS = 86_400
const PLOTS_MAX = 12
const STEP_SECONDS_MAX = 300

export function backtestCommand(): Command {
  const command = new Command('backtest')
    .description('replay the rules over history with promtool: which alerts would have fired, when, for how long and for whom')
    .addOption(new Option('--days <n>', 'how many days').argParser(parsePositiveInteger).default(7))
    .addOption(new Option('--from <time>', 'instead of --days: 2026-01-31, "2026-01-31 12:00" (UTC) or Unix seconds').argParser(parseTime))
    .addOption(new Option('--to <time>', 'up to then (default: now)').argParser(parseTime))
    .addOption(
      new Option('--step <duration>', 'how often the rules are evaluated, at most 5m').argParser(parseDurationMs).default(60_000, '1m'),
    )
    .addOption(
      new Option('--set <change>', 'also with another threshold, such as cpu_ratio=8 or cpu_ratio{group="make"}=20 (repeatable)').argParser(
        collect,
      ),
    )
    .addOption(new Option('--thresholds <file>', 'also with an edited file of thresholds'))
    .addOption(new Option('--alert <name>', 'only this alert (repeatable)').argParser(collect))
    .addOption(new Option('--group <name>', 'only this program (repeatable); with --csv: the name it goes by').argParser(collect))
    .addOption(rulesDirOption())
    .addOption(new Option('--csv <file>', 'instead of a Prometheus: a series of your own, lines of timestamp,value'))
    .addOption(new Option('--signal <name>', 'what the CSV file is the level of: cpu (cores), memory (bytes), ...'))
    .addOption(
      new Option('--scale <factor>', 'multiply the values of the CSV file, such as 0.01 for percent').argParser(parseScale).default(1),
    )
    .addOption(new Option('--windows <file>', 'when something was truly wrong in the CSV file: precision, recall, F1, false alarms a day'))
    .addOption(new Option('--plot <file>', 'draw it: FILE.html or FILE.svg'))
    .addOption(new Option('--json', 'everything as JSON'))
  return addPrometheusOptions(command, 'the Prometheus whose history is replayed').action(backtest)
}

async function backtest(flags: Flags): Promise<void> {
  if ((flags.csv === undefined) === (flags['prometheus.url'] === undefined))
    throw new UsageError('give either --prometheus.url, whose history is replayed, or --csv with a series of your own')
  if (flags.step > STEP_SECONDS_MAX * 1000) throw new UsageError('--step: series go stale after 5 minutes; choose at most 5m')
  if (flags.plot !== undefined && !/\.(svg|html?)$/.test(flags.plot))
    throw new UsageError(`--plot ${flags.plot}: name a file that ends in .html or .svg`)
  if (findTool('promtool') === undefined)
    throw new UsageError(
      'promtool, which replays the rules, is not on this machine: run npm start once, which fetches it, or install prometheus',
    )
  const rules = readRules(findRuleFiles(flags['rules.dir'] ?? [SHIPPED_RULES_DIR]))
  for (const name of flags.alert ?? []) requireAlert(name, rules)
  const changed = changedRules(flags, rules)
  const aborter = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => aborter.abort(new UsageError('stopped: nothing was kept')))
  const progress = createProgress()
  let report: Report
  try {
    const context: Context = { flags, rules, changed, signal: aborter.signal, onProgress: (share, what) => progress.show(share, what) }
    report = await (flags.csv === undefined ? replayHistory(context) : replayCsv(context, flags.csv))
  } catch (error) {
    throw aborter.signal.aborted ? aborter.signal.reason : error
  } finally {
    progress.end()
  }
  if (flags.plot !== undefined) writeFile(flags.plot, flags.plot.endsWith('.svg') ? report.svg() : report.html())
  process.stdout.write(flags.json === true ? `${JSON.stringify(report.json, null, 2)}\n` : report.text(terminalWidth()))
  if (flags.plot !== undefined && flags.json !== true) process.stdout.write(`Drawn in ${flags.plot}.\n`)
}

interface Context {
  readonly flags: Flags
  readonly rules: readonly Rule[]
  readonly changed: readonly Rule[] | undefined
  readonly signal: AbortSignal
  readonly onProgress: (share: number, what: string) => void
}

async function replayHistory({ flags, rules, changed, signal, onProgress }: Context): Promise<Report> {
  for (const flag of ['signal', 'windows'] as const) if (flags[flag] !== undefined) throw new UsageError(`--${flag} is for --csv`)
  const client = prometheusOf(flags, signal)
  if (client === undefined) throw new UsageError('--prometheus.url is missing')
  const to = flags.to ?? Math.floor(Date.now() / 1000)
  const from = flags.from ?? to - flags.days * DAY_SECONDS
  if (from >= to) throw new UsageError('--from is not before --to')
  const result = await runBacktest({
    client,
    rules,
    changed,
    from,
    to,
    stepSeconds: flags.step / 1000,
    alerts: flags.alert ?? [],
    groups: flags.group ?? [],
    plotsMax: flags.plot === undefined ? 0 : PLOTS_MAX,
    onProgress,
    signal,
  })
  return historyReport(result, { address: client.address, change: changeText(flags) })
}

async function replayCsv({ flags, rules, changed, signal, onProgress }: Context, file: string): Promise<Report> {
  if (flags.signal === undefined) throw new UsageError('--csv needs --signal: what is the file the level of? Such as --signal cpu')
  const samples = parseCsv(readFile('--csv', file), file).map(([at, value]): [number, number] => [at, value * flags.scale])
  const wanted = samples.filter(([at]) => at >= (flags.from ?? -Infinity) && at <= (flags.to ?? Infinity))
  if (wanted.length < 2) throw new UsageError(`${file} has no two samples between --from and --to`)
  const group = flags.group?.[0] ?? path.basename(file, path.extname(file))
  const windows = flags.windows === undefined ? undefined : parseWindows(readFile('--windows', flags.windows), flags.windows, file)
  const result = await runCsvBacktest({
    samples: wanted,
    signal: flags.signal,
    group,
    rules,
    changed,
    windows,
    stepSeconds: flags.step / 1000,
    alerts: flags.alert ?? [],
    withCurves: flags.plot !== undefined,
    onProgress,
    signalToStop: signal,
  })
  return csvReport(result, { file, change: changeText(flags), windows: windows ?? [], levels: levelPlots(result.shipped.curves) })
}

function changedRules(flags: Flags, rules: readonly Rule[]): Rule[] | undefined {
  if (flags.set === undefined && flags.thresholds === undefined) return undefined
  const base =
    flags.thresholds === undefined ? [...rules] : withThresholds(rules, readRules(findRuleFiles([flags.thresholds])), flags.thresholds)
  return applyChanges(
    base,
    (flags.set ?? []).map((text) => parseChange(text, base)),
  )
}

function changeText(flags: Flags): string | undefined {
  const parts = [...(flags.thresholds === undefined ? [] : [flags.thresholds]), ...(flags.set ?? [])]
  return parts.length === 0 ? undefined : parts.join(', ')
}

function requireAlert(name: string, rules: readonly Rule[]): void {
  const names = [...new Set(rules.flatMap((rule) => (rule.kind === 'alert' ? [rule.name] : [])))]
  if (names.includes(name)) return
  const near = nearest(name, names)
  throw new UsageError(
    `--alert ${name}: there is no such alert; ${near === undefined ? `there are ${names.join(', ')}` : `did you mean ${near}?`}`,
  )
}

function parseTime(text: string): number {
  const moment = parseMoment(text)
  if (moment === undefined) throw new InvalidArgumentError('write 2026-01-31, "2026-01-31 12:00" (UTC) or Unix seconds.')
  return moment
}

function parseScale(text: string): number {
  const factor = Number(text)
  if (text.trim() === '' || !Number.isFinite(factor) || factor === 0) throw new InvalidArgumentError('write a number other than 0.')
  return factor
}

function readFile(flag: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new UsageError(`${flag} ${file}: ${errnoOf(error) === 'ENOENT' ? 'there is no such file' : messageOf(error)}`, error)
  }
}

function writeFile(file: string, content: string): void {
  try {
    writeFileSync(file, content)
  } catch (error) {
    throw new UsageError(`--plot ${file}: ${messageOf(error)}`, error)
  }
}
