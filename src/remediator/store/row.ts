/** Owns reading columns of a row with the type they have in the schema. */
import { assert } from '../../lib/errors.ts'

export type Row = Readonly<Record<string, unknown>>

export function textOf(row: Row, column: string): string {
  const value = row[column]
  assert(typeof value === 'string', `${column} is text`)
  return value
}

export function textOrNull(row: Row, column: string): string | null {
  return row[column] === null ? null : textOf(row, column)
}

export function numberOf(row: Row, column: string): number {
  const value = row[column]
  assert(typeof value === 'number', `${column} is a number`)
  return value
}

export function numberOrNull(row: Row, column: string): number | null {
  return row[column] === null ? null : numberOf(row, column)
}
