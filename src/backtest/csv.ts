/** Owns reading a series of one's own from CSV: a moment and a value on each line. Every fault names its line. */
import { UsageError } from '../lib/errors.ts'
import type { Sample } from './series.ts'

const LINES_MAX = 2_000_000
const TIME_COLUMNS = ['timestamp', 'time', 'datetime', 'date', 'ts']
const VALUE_COLUMNS = ['value', 'val', 'y', 'level']

/**
 * The samples in order of time. Columns are found by their titles (timestamp, value, ...), else the first two are taken.
 * Moments are ISO 8601, `2014-02-14 14:30:00` (UTC), or Unix seconds or milliseconds. Of two samples at one moment the
 * later line holds. Throws UsageError with the first faults.
 */
export function parseCsv(text: string, name: string): Sample[] {
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n/)
  if (lines.length > LINES_MAX) throw new UsageError(`${name}: more than ${LINES_MAX} lines`)
  if (text.trim() === '') throw new UsageError(`${name}: no samples: the file is empty`)
  const separator = separatorOf(lines[0] ?? '')
  const titles = cellsOf(lines[0] ?? '', separator).map((cell) => cell.toLowerCase())
  const hasTitles = parseMoment(titles[0] ?? '') === undefined && parseMoment(titles[1] ?? '') === undefined
  const columns = hasTitles ? columnsOf(titles, name) : { time: 0, value: 1 }
  const faults: string[] = []
  const samples = new Map<number, number>()
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '' || (hasTitles && index === 0)) continue
    const cells = cellsOf(line, separator)
    const at = parseMoment(cells[columns.time] ?? '')
    const value = parseValue(cells[columns.value] ?? '')
    if (at === undefined)
      faults.push(`${name}:${index + 1}: "${shorten(cells[columns.time] ?? '')}" is no moment: write 2026-01-31 12:00:00 or Unix seconds`)
    else if (value === undefined) faults.push(`${name}:${index + 1}: "${shorten(cells[columns.value] ?? '')}" is no number`)
    else samples.set(at, value)
    if (faults.length === FAULTS_MAX) throw new UsageError([...faults, `${name}: and perhaps more`].join('\n'))
  }
  if (faults.length > 0) throw new UsageError(faults.join('\n'))
  if (samples.size < 2)
    throw new UsageError(
      `${name}: ${samples.size === 0 ? 'no samples' : 'one sample is no series'}: expected lines such as 2026-01-31 12:00:00,0.42`,
    )
  return [...samples].toSorted(([a], [b]) => a - b)
}

const FAULTS_MAX = 10

/** Unix seconds; undefined when the text is no moment. Without a zone it is UTC. */
export function parseMoment(text: string): number | undefined {
  const trimmed = text.trim()
  if (/^\d{9,10}(\.\d+)?$/.test(trimmed)) return Number(trimmed)
  if (/^\d{12,13}$/.test(trimmed)) return Number(trimmed) / 1000
  const [, date, time = '00:00:00', zone = 'Z'] =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?))?\s*(Z|[+-]\d{2}:?\d{2})?$/.exec(trimmed) ?? []
  if (date === undefined) return undefined
  const ms = Date.parse(`${date}T${time}${zone}`)
  return Number.isNaN(ms) ? undefined : ms / 1000
}

/** The usual distance between two samples, in seconds. */
export function usualSpacing(samples: readonly Sample[]): number {
  const gaps = samples.slice(1).map(([at], index) => at - (samples[index]?.[0] ?? at))
  return gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length / 2)] ?? 60
}

function columnsOf(titles: readonly string[], name: string): { readonly time: number; readonly value: number } {
  const time = titles.findIndex((title) => TIME_COLUMNS.includes(title))
  const value = titles.findIndex((title) => VALUE_COLUMNS.includes(title))
  if (time >= 0 && value >= 0) return { time, value }
  if (titles.length === 2) return { time: 0, value: 1 }
  throw new UsageError(`${name}:1: which columns? Title one of them timestamp and one value`)
}

function separatorOf(line: string): string {
  return [',', ';', '\t'].find((separator) => line.includes(separator)) ?? ','
}

function cellsOf(line: string, separator: string): string[] {
  return line.split(separator).map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'))
}

function parseValue(text: string): number | undefined {
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Number(text) : /^nan$/i.test(text) ? Number.NaN : undefined
}

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}
