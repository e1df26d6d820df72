/** Owns how a measurement prints its tables and its verdicts. Never measures. */

export interface Verdict {
  readonly target: string
  /** Undefined where the run did not measure what it takes. */
  readonly measured: number | undefined
  /** Less is better. */
  readonly limit: number
  readonly unit: string
}

/** The first column to the left, figures to the right. */
export function formatTable(rows: ReadonlyArray<readonly string[]>): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const pad = (cell: string, column: number): string =>
    column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)
  return rows.map((row) => row.map(pad).join('  ').trimEnd()).join('\n')
}

export function verdictRows(verdicts: readonly Verdict[]): string[][] {
  return [
    ['', 'measured', 'target', ''],
    ...verdicts.map(({ target, measured, limit, unit }) => [
      target,
      measured === undefined ? 'not measured' : `${figure(measured)}${unit}`,
      `at most ${figure(limit)}${unit}`,
      measured === undefined ? '' : measured <= limit ? 'met' : 'MISSED',
    ]),
  ]
}

export function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value >= 0.1 ? value.toFixed(2) : value.toFixed(3)
}
