/** Owns the name that goes into the record for whoever asked. */
import { printable } from '../../lib/log.ts'

const BY_LENGTH_MAX = 100

/** What a caller calls itself, or else the key by which it came in. */
export function nameFor(by: string | undefined, identity: string): string {
  const name = printable(by ?? '').slice(0, BY_LENGTH_MAX)
  return name === '' ? identity : name
}
