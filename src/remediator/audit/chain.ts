/** Owns the hash chain of the audit trail: how an entry's hash is made and how a run of entries is checked. Reads and writes nothing. */
import { createHash } from 'node:crypto'
import type { AuditEntry } from '../model.ts'

/** The hash before the first entry. */
export const GENESIS = '0'.repeat(64)

export type UnhashedEntry = Omit<AuditEntry, 'hash'>

/** SHA-256, in hexadecimal, over the entry's fields in fixed order; `prev` binds it to all entries before it. */
export function hashEntry(entry: UnhashedEntry): string {
  const fields = JSON.stringify([entry.seq, entry.prev, entry.at, entry.event, entry.incident, entry.text, entry.data])
  return createHash('sha256').update(fields).digest('hex')
}

export interface ChainFault {
  readonly seq: number
  readonly what: string
}

/** Checks entries one by one, in order; the first fault is the answer. */
export class ChainChecker {
  #previous = GENESIS
  #expectedSeq = 1

  get length(): number {
    return this.#expectedSeq - 1
  }

  get head(): string {
    return this.#previous
  }

  /** The fault that this entry shows, or undefined when it continues the chain. */
  check(entry: AuditEntry): ChainFault | undefined {
    if (entry.seq !== this.#expectedSeq)
      return { seq: this.#expectedSeq, what: `entry ${this.#expectedSeq} is missing; entry ${entry.seq} follows` }
    if (entry.prev !== this.#previous) return { seq: entry.seq, what: 'it does not continue the entry before it' }
    if (hashEntry(entry) !== entry.hash) return { seq: entry.seq, what: 'its content does not match its hash' }
    this.#previous = entry.hash
    this.#expectedSeq += 1
    return undefined
  }
}

/** The head's first 48 bits as a number: exact in a float64, so that a metric can carry it. */
export function headFingerprint(head: string): number {
  return Number.parseInt(head.slice(0, 12), 16)
}
