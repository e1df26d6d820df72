/** Owns tables of figures for a terminal. */

/** The first column to the left, figures to the right. */
export function formatTable(rows: ReadonlyArray<readonly string[]>): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const pad = (cell: string, column: number): string =>
    column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)
  return rows.map((row) => row.map(pad).join('  ').trimEnd()).join('\n')
}

/** About three digits; a dash where there is none. */
export function figure(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '-'
  const size = Math.abs(value)
  return size >= 100 ? value.toFixed(0) : size >= 10 ? value.toFixed(1) : size >= 0.1 || size === 0 ? value.toFixed(2) : value.toFixed(3)
}

export interface Verdict {
  readonly target: string
  /** Undefined where the run did not measure what it takes. */
  readonly measured: number | undefined
  readonly limit: number
  readonly unit: string
  /** Whether the figure must be exactly the limit; otherwise it must not exceed it. */
  readonly exactly?: boolean
}

export function formatVerdicts(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(({ target, measured, limit, unit, exactly = false }) => [
    target,
    measured === undefined ? 'not measured' : `${exactly ? measured : figure(measured)}${unit}`,
    exactly ? `exactly ${limit}${unit}` : `at most ${figure(limit)}${unit}`,
    measured === undefined ? '' : (exactly ? measured === limit : measured <= limit) ? 'met' : 'MISSED',
  ])
  return formatTable([['', 'measured', 'target', ''], ...rows])
}
