/** Owns the tables of bench:detection. */
import type { Score } from './score.ts'

export interface Row {
  readonly name: string
  readonly shipped: boolean
  readonly precision: number
  readonly recall: number
  readonly f1: number
  readonly found: number
  readonly windows: number
  readonly falseAlarms: number
  readonly falseAlarmsPerDay: number
}

export interface SeriesScores {
  readonly name: string
  readonly scores: ReadonlyArray<Score & { readonly detector: string }>
}

const NAME_WIDTH = 28

export function formatRows(rows: readonly Row[]): string {
  const head = ['P', 'R', 'F1', 'found', 'false', 'false per series-day'].map((text, index) => text.padStart(index === 5 ? 22 : 8)).join('')
  const lines = rows.map((row, index) => {
    const gap = index > 0 && rows[index - 1]?.shipped !== row.shipped ? '\n' : ''
    const cells = [ratio(row.precision), ratio(row.recall), ratio(row.f1), `${row.found}/${row.windows}`, String(row.falseAlarms)]
    return `${gap}${row.name.padEnd(NAME_WIDTH)}${cells.map((cell) => cell.padStart(8)).join('')}${row.falseAlarmsPerDay.toFixed(3).padStart(22)}`
  })
  return [`${' '.repeat(NAME_WIDTH)}${head}`, ...lines].join('\n')
}

/** For each series: windows found and false alarms of each detector. */
export function formatSeries(series: readonly SeriesScores[]): string {
  return series
    .map(({ name, scores }) => {
      const cells = scores.map(({ detector, found, windows, falseAlarms }) => `  ${detector}: ${found}/${windows}, ${falseAlarms} false`)
      return [name, ...cells].join('\n')
    })
    .join('\n')
}

function ratio(value: number): string {
  return Number.isNaN(value) ? '-' : value.toFixed(2)
}
