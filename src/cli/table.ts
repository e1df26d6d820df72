/** Owns tables and paragraphs that fit a terminal. What is printed passes through `printable`: names come from strangers. */
import { printable } from '../lib/log.ts'

/** Where there is no terminal, somebody's program reads: nothing is cut. */
const WIDTH_UNLIMITED = 10_000
const WIDTH_MIN = 40

export function terminalWidth(columns: number | undefined = process.stdout.columns): number {
  return columns === undefined || columns === 0 ? WIDTH_UNLIMITED : Math.max(WIDTH_MIN, columns)
}

/**
 * Columns as wide as their longest cell; the columns in `flexible` give way, the last of them first, when the line is longer
 * than `width`. `indent` spaces stand before each line.
 */
export function tableLines(rows: ReadonlyArray<readonly string[]>, width: number, flexible: readonly number[], indent = 0): string[] {
  const cells = rows.map((row) => row.map(printable))
  const columns = Math.max(0, ...cells.map((row) => row.length))
  const widths = Array.from({ length: columns }, (_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  const total = (): number => indent + widths.reduce((sum, each) => sum + each, 0) + 2 * Math.max(0, columns - 1)
  for (const column of flexible.toReversed()) {
    const over = total() - width
    if (over > 0) widths[column] = Math.max(CELL_MIN, (widths[column] ?? 0) - over)
  }
  const line = (row: readonly string[]): string =>
    `${' '.repeat(indent)}${row.map((cell, column) => cut(cell, widths[column] ?? 0).padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd()
  return cells.map((row) => cut(line(row), width))
}

const CELL_MIN = 8

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(1, width - 1))}…`
}

/** The text in lines of at most `width`, each after `indent` spaces. A word longer than that stays whole. */
export function paragraph(text: string, width: number, indent = 0): string[] {
  const lines: string[] = []
  const room = width - indent
  let line = ''
  for (const word of printable(text)
    .split(' ')
    .filter((each) => each !== '')) {
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  if (line !== '') lines.push(line)
  return lines.map((each) => `${' '.repeat(indent)}${each}`)
}
