/** Owns what a backtest tells: a table that fits the terminal, JSON, and a page with its drawing. Never replays. */
import { identity, type BacktestResult } from '../backtest/backtest.ts'
import { compareFirings, type Comparison } from '../backtest/compare.ts'
import type { CsvBacktestResult } from '../backtest/csv-backtest.ts'
import type { LevelPlot } from '../backtest/curves.ts'
import { drawPlot, escape, type PlotInput } from '../backtest/plot.ts'
import type { Firing } from '../backtest/replay.ts'
import type { Score, Span } from '../backtest/score.ts'
import { nameOf } from '../backtest/subject.ts'
import { paragraph, tableLines } from './table.ts'

export interface Report {
  text(width: number): string
  readonly json: unknown
  svg(): string
  html(): string
}

const DAY_SECONDS = 86_400

export function historyReport(result: BacktestResult, about: { readonly address: string; readonly change: string | undefined }): Report {
  const days = (result.to - result.from) / DAY_SECONDS
  const difference = result.changed === undefined ? undefined : compareFirings(result.shipped, result.changed)
  const notes = [
    `${counted(days)} of ${about.address}, ${moment(result.from)} to ${moment(result.to)} (UTC), ${result.series} series, evaluated every ${result.stepSeconds} s; baselines learned from ${moment(result.learnedFrom)}.`,
    ...(result.missing.length === 0 ? [] : [`Without data, and so not judged: ${some(result.missing)}.`]),
    ...summary(result.shipped, days, difference, about.change),
  ]
  return {
    text: (width) => lines(notes, result.shipped, difference, result.to, width),
    json: {
      prometheus: about.address,
      from: iso(result.from),
      to: iso(result.to),
      stepSeconds: result.stepSeconds,
      learnedFrom: iso(result.learnedFrom),
      series: result.series,
      alerts: result.alerts,
      missing: result.missing,
      firings: result.shipped.map((firing) => firingJson(firing, result.to)),
      ...(difference === undefined ? {} : { change: about.change, changed: changedJson(result.changed ?? [], difference, result.to) }),
    },
    ...drawings({ title: `procwarden backtest of ${about.address}`, ...result, levels: result.plots, windows: [] }, notes, difference),
  }
}

interface CsvAbout {
  readonly file: string
  readonly change: string | undefined
  readonly windows: readonly Span[]
  readonly levels: readonly LevelPlot[]
}

export function csvReport(result: CsvBacktestResult, about: CsvAbout): Report {
  const days = (result.to - result.from) / DAY_SECONDS
  const { shipped, changed } = result
  const difference = changed === undefined ? undefined : compareFirings(shipped.firings, changed.firings)
  const notes = [
    `${about.file}: ${counted(days)}, ${moment(result.from)} to ${moment(result.to)} (UTC), judged by ${some(result.alerts)}.`,
    ...summary(shipped.firings, days, difference, about.change),
  ]
  const scores: Array<readonly [string, Score]> = [
    ...Object.entries(shipped.scoreByAlert),
    ...(shipped.score === undefined ? [] : [['all as shipped', shipped.score] as const]),
    ...(changed?.score === undefined ? [] : [[`all with ${about.change ?? 'the change'}`, changed.score] as const]),
  ]
  return {
    text: (width) => `${lines(notes, shipped.firings, difference, result.to, width)}${scoreTable(scores, width)}`,
    json: {
      file: about.file,
      from: iso(result.from),
      to: iso(result.to),
      alerts: result.alerts,
      firings: shipped.firings.map((firing) => firingJson(firing, result.to)),
      ...(shipped.score === undefined ? {} : { score: shipped.score, scoreByAlert: shipped.scoreByAlert }),
      ...(difference === undefined || changed === undefined
        ? {}
        : {
            change: about.change,
            changed: {
              ...changedJson(changed.firings, difference, result.to),
              ...(changed.score === undefined ? {} : { score: changed.score, scoreByAlert: changed.scoreByAlert }),
            },
          }),
    },
    ...drawings(
      {
        title: `procwarden backtest of ${about.file}`,
        from: result.from,
        to: result.to,
        shipped: shipped.firings,
        changed: changed?.firings,
        levels: about.levels,
        windows: about.windows,
      },
      [...notes, ...scores.map(([name, score]) => `${name}: ${scoreText(score)}`)],
      difference,
    ),
  }
}

function summary(shipped: readonly Firing[], days: number, difference: Comparison | undefined, change: string | undefined): string[] {
  const alerts = new Set(shipped.map(({ alertname }) => alertname)).size
  const fired =
    shipped.length === 0
      ? 'Nothing would have fired.'
      : `${shipped.length} ${shipped.length === 1 ? 'firing' : 'firings'} of ${alerts} ${alerts === 1 ? 'alert' : 'alerts'}, ${round(shipped.length / days)} a day.`
  if (difference === undefined) return [fired]
  const { kept, gone, added } = difference
  return [
    fired,
    `With ${change ?? 'the change'}: ${kept.length} would stay (=), ${gone.length} would go (-), ${added.length} would come (+).`,
  ]
}

function lines(
  notes: readonly string[],
  shipped: readonly Firing[],
  difference: Comparison | undefined,
  end: number,
  width: number,
): string {
  const rows = marked(shipped, difference).map(({ mark, firing }) => [
    ...(difference === undefined ? [] : [mark]),
    moment(firing.startsAt),
    lasted(firing, end),
    firing.labels['severity'] ?? '-',
    firing.alertname,
    nameOf(firing),
  ])
  const header = [...(difference === undefined ? [] : ['']), 'STARTED (UTC)', 'LASTED', 'SEVERITY', 'ALERT', 'WHO']
  const flexible = difference === undefined ? [3, 4] : [4, 5]
  const table = rows.length === 0 ? [] : ['', ...tableLines([header, ...rows], width, flexible)]
  return `${[...notes.flatMap((note) => paragraph(note, width)), ...table].join('\n')}\n`
}

interface Marked {
  readonly mark: '=' | '-' | '+' | ''
  readonly firing: Firing
}

function marked(shipped: readonly Firing[], difference: Comparison | undefined): Marked[] {
  if (difference === undefined) return shipped.map((firing) => ({ mark: '', firing }))
  const gone = new Set(difference.gone.map((firing) => `${identity(firing)}${firing.startsAt}`))
  return [
    ...shipped.map((firing): Marked => ({ mark: gone.has(`${identity(firing)}${firing.startsAt}`) ? '-' : '=', firing })),
    ...difference.added.map((firing): Marked => ({ mark: '+', firing })),
  ].toSorted((a, b) => a.firing.startsAt - b.firing.startsAt)
}

function scoreTable(scores: ReadonlyArray<readonly [string, Score]>, width: number): string {
  if (scores.length === 0) return ''
  const rows = scores.map(([name, score]) => [
    name,
    `${score.found} of ${score.windows}`,
    String(score.falseAlarms),
    share(score.precision),
    share(score.recall),
    share(score.f1),
    score.falseAlarmsPerDay.toFixed(3),
  ])
  const header = ['', 'FOUND', 'FALSE', 'PRECISION', 'RECALL', 'F1', 'FALSE/DAY']
  return `\n${tableLines([header, ...rows], width, [0]).join('\n')}\n`
}

function scoreText(score: Score): string {
  return `found ${score.found} of ${score.windows} windows with ${score.falseAlarms} false alarms; precision ${share(score.precision)}, recall ${share(score.recall)}, F1 ${share(score.f1)}`
}

function drawings(input: PlotInput, notes: readonly string[], difference: Comparison | undefined): Pick<Report, 'svg' | 'html'> {
  const row = ({ mark, firing }: Marked): string =>
    `<tr>${[mark, moment(firing.startsAt), lasted(firing, input.to), firing.labels['severity'] ?? '', firing.alertname, nameOf(firing)].map((cell) => `<td>${escape(cell)}</td>`).join('')}</tr>`
  return {
    svg: () => drawPlot(input),
    html: () =>
      [
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
        `<title>${escape(input.title)}</title>`,
        '<style>body{font:14px system-ui,sans-serif;margin:1rem;color:#222;background:#fff}svg{max-width:100%;height:auto}table{border-collapse:collapse}td,th{text-align:left;padding:.2rem .8rem .2rem 0;border-bottom:1px solid #ddd}</style></head><body>',
        drawPlot(input),
        ...notes.map((note) => `<p>${escape(note)}</p>`),
        '<table><thead><tr><th></th><th>Started (UTC)</th><th>Lasted</th><th>Severity</th><th>Alert</th><th>Who</th></tr></thead><tbody>',
        ...marked(input.shipped, difference).map(row),
        '</tbody></table></body></html>',
      ].join('\n'),
  }
}

function changedJson(firings: readonly Firing[], { gone, added, kept }: Comparison, end: number) {
  return {
    firings: firings.map((firing) => firingJson(firing, end)),
    stay: kept.length,
    go: gone.map((firing) => firingJson(firing, end)),
    come: added.map((firing) => firingJson(firing, end)),
  }
}

function firingJson(firing: Firing, end: number) {
  return {
    alert: firing.alertname,
    who: nameOf(firing),
    startsAt: iso(firing.startsAt),
    endsAt: firing.endsAt === undefined ? null : iso(firing.endsAt),
    seconds: (firing.endsAt ?? end) - firing.startsAt,
    labels: firing.labels,
  }
}

function lasted({ startsAt, endsAt }: Firing, end: number): string {
  const minutes = Math.round(((endsAt ?? end) - startsAt) / 60)
  const text =
    minutes < 60
      ? `${minutes}m`
      : minutes < 48 * 60
        ? `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, '0')}m`
        : `${round(minutes / 1440)}d`
  return endsAt === undefined ? `${text}+` : text
}

function share(value: number | undefined): string {
  return value === undefined ? '-' : value.toFixed(2)
}

function moment(seconds: number): string {
  return iso(seconds).slice(0, 16).replace('T', ' ')
}

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString()
}

function counted(days: number): string {
  return round(days) === '1' ? '1 day' : `${round(days)} days`
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10)
}

function some(names: readonly string[]): string {
  return names.length <= 6 ? names.join(', ') : `${names.slice(0, 6).join(', ')} and ${names.length - 6} more`
}
