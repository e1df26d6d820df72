/** Owns drawing a backtest as one SVG that needs nothing else: when what fired, and levels with their band. Pure. */
import { printable } from '../lib/log.ts'
import type { LevelPlot } from './curves.ts'
import type { Firing, Sample } from './replay.ts'
import type { Span } from './score.ts'
import { nameOf } from './subject.ts'

export interface PlotInput {
  readonly title: string
  readonly from: number
  readonly to: number
  readonly shipped: readonly Firing[]
  readonly changed: readonly Firing[] | undefined
  readonly levels: readonly LevelPlot[]
  readonly windows: readonly Span[]
}

const WIDTH = 1200
const LEFT = 330
const RIGHT = 20
const ROW = 22
const PANEL = 170
const ROWS_MAX = 60
/** More points than pixels show nothing more. */
const BUCKETS = 850
const STYLE = `text{font:12px system-ui,sans-serif;fill:#222}.h{font-weight:600;font-size:15px}.s{fill:#666}.g{stroke:#ddd}
.level{fill:none;stroke:#1f5fa8;stroke-width:1.2}.base{fill:none;stroke:#555;stroke-dasharray:4 3}.limit{fill:none;stroke:#b86e00}
.band{fill:#f2b84b;fill-opacity:.18}.line{fill:#b86e00}.dash{fill:#555}.fire{fill:#c62828}.alt{fill:#6a3fb5}.zone{fill:#c62828;fill-opacity:.13}.altzone{fill:#6a3fb5;fill-opacity:.13}.win{fill:#2e7d32;fill-opacity:.13}`

/** An SVG document. Names in it come from strangers and are escaped. */
export function drawPlot(input: PlotInput): string {
  const rows = timelineRows(input)
  const timelineHeight = Math.max(1, rows.length) * ROW
  const top = 64
  const levelsTop = top + timelineHeight + 40
  const height = levelsTop + input.levels.length * (PANEL + 52) + 10
  const parts = [
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    text(16, 24, input.title, 'h'),
    legend(input),
    timeAxis(input, top, timelineHeight),
    ...(rows.length === 0
      ? [text(16, top + 15, 'Nothing fired.', 's')]
      : rows.map((row, index) => timelineRow(row, input, top + index * ROW))),
    ...input.levels.map((level, index) => levelPanel(level, input, levelsTop + index * (PANEL + 52))),
  ]
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img"><style>${STYLE}</style>${parts.join('\n')}</svg>`
}

interface Row {
  readonly label: string
  readonly shipped: readonly Firing[]
  readonly changed: readonly Firing[]
}

/** One for each alert about each thing, the most frequent first. */
function timelineRows({ shipped, changed = [] }: PlotInput): Row[] {
  const rows = new Map<string, { label: string; shipped: Firing[]; changed: Firing[] }>()
  const add = (firing: Firing, which: 'shipped' | 'changed'): void => {
    const label = `${firing.alertname} ${nameOf(firing)}`
    const row = rows.get(label) ?? { label, shipped: [], changed: [] }
    row[which].push(firing)
    rows.set(label, row)
  }
  for (const firing of shipped) add(firing, 'shipped')
  for (const firing of changed) add(firing, 'changed')
  return [...rows.values()].toSorted((a, b) => b.shipped.length + b.changed.length - a.shipped.length - a.changed.length).slice(0, ROWS_MAX)
}

function timelineRow(row: Row, input: PlotInput, y: number): string {
  const half = input.changed === undefined ? ROW - 8 : (ROW - 8) / 2
  const bar = (firing: Firing, kind: string, at: number): string => {
    const [x, width] = extent(input, firing.startsAt, firing.endsAt ?? input.to)
    return `<rect class="${kind}" x="${x}" y="${at}" width="${width}" height="${half}"><title>${escape(`${row.label}: ${moment(firing.startsAt)} to ${firing.endsAt === undefined ? 'the end' : moment(firing.endsAt)}`)}</title></rect>`
  }
  return [
    text(16, y + 15, row.label.length > 48 ? `${row.label.slice(0, 47)}…` : row.label),
    ...row.shipped.map((firing) => bar(firing, 'fire', y + 4)),
    ...row.changed.map((firing) => bar(firing, 'alt', y + 4 + half)),
  ].join('')
}

function legend({ changed, levels, windows }: PlotInput): string {
  const items = [
    ['fire', changed === undefined ? 'fired' : 'fired as shipped'],
    ...(changed === undefined ? [] : [['alt', 'fired with the change']]),
    ...(windows.length === 0 ? [] : [['win', 'labelled window']]),
    ...(levels.length === 0
      ? []
      : [
          ['band', 'what is normal'],
          ['line', 'limit of the alerts'],
          ['dash', 'baseline'],
        ]),
  ]
  return items
    .map(
      ([kind = '', label = ''], index) =>
        `<rect class="${kind}" x="${16 + index * 170}" y="36" width="12" height="12"/>${text(34 + index * 170, 46, label)}`,
    )
    .join('')
}

function timeAxis({ from, to }: PlotInput, top: number, height: number): string {
  return ticks(from, to)
    .map((at) => {
      const x = scale(at, from, to)
      return `<line class="g" x1="${x}" x2="${x}" y1="${top}" y2="${top + height}"/>${text(Math.min(x - 30, WIDTH - 75), top + height + 15, moment(at), 's')}`
    })
    .join('')
}

function levelPanel(plot: LevelPlot, input: PlotInput, top: number): string {
  const y = top + 18
  const { from, to } = input
  const thin = (samples: readonly Sample[]): Sample[] =>
    thinned(
      samples.filter(([at, value]) => at >= from && at <= to && !Number.isNaN(value)),
      from,
      to,
    )
  const [level, baseline, limit] = [thin(plot.level), thin(plot.baseline), thin(plot.limit)]
  const [lower, upper] = plot.upper.length > 0 ? [thin(plot.lower), thin(plot.upper)] : [baseline, limit]
  const highest = Math.max(...level.map(([, value]) => value), ...limit.map(([, value]) => value).filter(Number.isFinite), 1e-12)
  // A limit far above everything would flatten what is to be seen.
  const ceiling = Math.min(highest, 1.6 * Math.max(...level.map(([, value]) => value), 1e-12))
  const yOf = (value: number): number => round(y + PANEL - (Math.max(0, Math.min(value, ceiling)) / ceiling) * (PANEL - 10))
  const path = (samples: readonly Sample[]): string =>
    samples.map(([at, value], index) => `${index === 0 ? 'M' : 'L'}${scale(at, from, to)} ${yOf(value)}`).join('')
  const zone = (span: Span, kind: string): string => {
    const [x, width] = extent(input, span.from, span.to)
    return `<rect class="${kind}" x="${x}" y="${y}" width="${width}" height="${PANEL}"/>`
  }
  const own = (firings: readonly Firing[]): Span[] =>
    firings.filter((firing) => isOf(firing, plot)).map((firing) => ({ from: firing.startsAt, to: firing.endsAt ?? to }))
  const band =
    upper.length > 0 && lower.length > 0 ? `<path class="band" d="${path(upper)}${path(lower.toReversed()).replace('M', 'L')}Z"/>` : ''
  return [
    text(16, top + 8, plot.title, 'h'),
    `<line class="g" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y + PANEL}" y2="${y + PANEL}"/>`,
    ...[0, ceiling / 2, ceiling].map((value) => text(LEFT - 70, yOf(value) + 4, short(value), 's')),
    ...input.windows.map((window) => zone(window, 'win')),
    ...own(input.shipped).map((span) => zone(span, 'zone')),
    ...own(input.changed ?? []).map((span) => zone(span, 'altzone')),
    band,
    `<path class="base" d="${path(baseline)}"/><path class="limit" d="${path(limit)}"/><path class="level" d="${path(level)}"/>`,
    ...ticks(from, to).map((at) => text(Math.min(scale(at, from, to) - 30, WIDTH - 75), y + PANEL + 15, moment(at), 's')),
  ].join('')
}

function isOf(firing: Firing, plot: LevelPlot): boolean {
  return ['signal', 'group', 'probe', 'device', 'instance'].every(
    (label) => firing.labels[label] === undefined || plot.labels[label] === undefined || firing.labels[label] === plot.labels[label],
  )
}

/** The lowest and the highest of each bucket, in their order: peaks stay. */
function thinned(samples: readonly Sample[], from: number, to: number): Sample[] {
  if (samples.length <= 2 * BUCKETS) return [...samples]
  const buckets = Map.groupBy(samples, ([at]) => Math.floor(((at - from) / Math.max(1, to - from)) * BUCKETS))
  return [...buckets.values()].flatMap((bucket) => {
    const low = bucket.reduce((least, sample) => (sample[1] < least[1] ? sample : least))
    const high = bucket.reduce((most, sample) => (sample[1] > most[1] ? sample : most))
    return low === high ? [low] : low[0] < high[0] ? [low, high] : [high, low]
  })
}

function scale(at: number, from: number, to: number): number {
  return round(LEFT + ((at - from) / Math.max(1, to - from)) * (WIDTH - LEFT - RIGHT))
}

/** At least two pixels wide: a short firing is one nevertheless. */
function extent({ from, to }: PlotInput, start: number, end: number): [x: number, width: number] {
  const x = scale(Math.max(from, Math.min(start, to)), from, to)
  return [x, Math.max(2, round(scale(Math.max(from, Math.min(end, to)), from, to) - x))]
}

const TICK_SECONDS = [300, 900, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 86_400, 2 * 86_400, 7 * 86_400, 14 * 86_400, 28 * 86_400]

function ticks(from: number, to: number): number[] {
  const every = TICK_SECONDS.find((seconds) => (to - from) / seconds <= 8) ?? (to - from) / 8
  const first = Math.ceil(from / every) * every
  return Array.from({ length: Math.max(0, Math.floor((to - first) / every) + 1) }, (_, index) => first + index * every)
}

function moment(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(5, 16).replace('T', ' ')
}

function short(value: number): string {
  const [size, unit] = [[1e9, 'G'] as const, [1e6, 'M'] as const, [1e3, 'k'] as const].find(([least]) => value >= least) ?? [1, '']
  return `${Number((value / size).toPrecision(3))}${unit}`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

function text(x: number, y: number, content: string, kind = ''): string {
  return `<text x="${x}" y="${y}"${kind === '' ? '' : ` class="${kind}"`}>${escape(content)}</text>`
}

export function escape(content: string): string {
  const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
  // XML allows neither control characters nor halves of a pair, not even escaped ones.
  return printable(content.toWellFormed())
    .replaceAll(/[\ufffe\uffff]/g, '?')
    .replaceAll(/[&<>"']/g, (character) => entities[character] ?? '')
}
