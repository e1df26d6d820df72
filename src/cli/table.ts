/** Owns how facts are laid out in a terminal: columns as wide as their content, the last one cut or wrapped to what is left. */
import { printable } from '../lib/log.ts'

/** Where there is no terminal, somebody's program reads: nothing is cut. */
const WIDTH_UNLIMITED = 10_000
const WIDTH_MIN = 40
const GAP = '  '
/** A terminal that is narrower still gets this much of a wide column. */
const COLUMN_MIN = 8

/** Characters to a line of this terminal. */
export function terminalWidth(columns: number | undefined = process.stdout.columns): number {
  return columns === undefined || columns === 0 ? WIDTH_UNLIMITED : Math.max(WIDTH_MIN, columns)
}

/** Rows under a header. The widest column gives way first, until all fits. Control characters are made visible. */
export function table(header: readonly string[], rows: ReadonlyArray<readonly string[]>, width = terminalWidth()): string {
  const cells = [header, ...rows.map((row) => row.map((cell) => printable(cell)))]
  const widths = fitted(
    header.map((_title, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0))),
    width - GAP.length * (header.length - 1),
  )
  return cells.map((row) => `${line(row, widths)}\n`).join('')
}

/**
 * Columns as wide as their longest cell; the columns in `flexible` give way, the last of them first, when the line is longer
 * than `width`. `indent` spaces stand before each line.
 */
export function tableLines(rows: ReadonlyArray<readonly string[]>, width: number, flexible: readonly number[], indent = 0): string[] {
  const cells = rows.map((row) => row.map(printable))
  const columns = Math.max(0, ...cells.map((row) => row.length))
  const widths = Array.from({ length: columns }, (_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  for (const column of flexible.toReversed()) {
    const over = indent + sum(widths) + GAP.length * Math.max(0, columns - 1) - width
    if (over > 0) widths[column] = Math.max(COLUMN_MIN, (widths[column] ?? 0) - over)
  }
  return cells.map((row) => cut(`${' '.repeat(indent)}${line(row, widths)}`, width))
}

/** The text in lines of at most `width`, each after `indent` spaces. */
export function paragraph(text: string, width: number, indent = 0): string[] {
  return wrap(printable(text), width - indent).map((each) => `${' '.repeat(indent)}${each}`)
}

/** Names and values, one pair to a line. */
export function pairs(entries: ReadonlyArray<readonly [name: string, value: string]>, width = terminalWidth()): string {
  const nameWidth = Math.max(...entries.map(([name]) => name.length)) + GAP.length
  return entries
    .map(([name, value]) => {
      const [first = '', ...more] = wrap(printable(value), width - nameWidth)
      return [`${name.padEnd(nameWidth)}${first}`.trimEnd(), ...more.map((rest) => `${' '.repeat(nameWidth)}${rest}`)].join('\n')
    })
    .join('\n')
    .concat('\n')
}

/** Words in lines of at most `width`; a word that is longer is broken. */
export function wrap(text: string, width: number): string[] {
  const room = Math.max(COLUMN_MIN, width)
  const lines: string[] = []
  for (const word of text.split(' ').flatMap((each) => broken(each, room))) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= room) lines[lines.length - 1] = `${last} ${word}`
    else if (word !== '') lines.push(word)
  }
  return lines
}

export function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(1, width - 1))}…`
}

function broken(word: string, width: number): string[] {
  if (word.length <= width) return [word]
  return Array.from({ length: Math.ceil(word.length / width) }, (_, index) => word.slice(index * width, (index + 1) * width))
}

function fitted(widths: readonly number[], room: number): number[] {
  const result = [...widths]
  for (let over = sum(result) - room; over > 0; over--) {
    const widest = result.indexOf(Math.max(...result))
    if ((result[widest] ?? 0) <= COLUMN_MIN) break
    result[widest] = (result[widest] ?? 0) - 1
  }
  return result
}

function line(row: readonly string[], widths: readonly number[]): string {
  return row
    .map((cell, column) => cut(cell, widths[column] ?? cell.length).padEnd(widths[column] ?? 0))
    .join(GAP)
    .trimEnd()
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
