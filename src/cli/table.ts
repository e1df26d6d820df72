/** Owns how facts are laid out in a terminal: columns as wide as their content, the last one cut or wrapped to what is left. */
import { printable } from '../lib/log.ts'

/** Where there is no terminal, somebody's program reads: nothing is cut. */
const WIDTH_UNLIMITED = 10_000
const GAP = '  '
/** A terminal that is narrower still gets this much of a wide column. */
const COLUMN_MIN = 8

/** Characters to a line of this terminal. */
export function terminalWidth(): number {
  return process.stdout.columns || WIDTH_UNLIMITED
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
