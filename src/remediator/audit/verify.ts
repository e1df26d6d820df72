/** Owns the check of the whole audit trail: the chain in the store, and its NDJSON mirror against it. Changes nothing. */
import type { Database } from '../store/database.ts'
import { auditEntriesAfter, lastAuditEntry } from '../store/audit-entries.ts'
import { ChainChecker, type ChainFault } from './chain.ts'
import { readMirror, type MirrorLine } from './mirror.ts'

export interface AuditVerdict {
  readonly intact: boolean
  /** Good entries from the first on. */
  readonly length: number
  /** Hash of the last good entry. */
  readonly head: string
  /** The first bad entry, or null. */
  readonly fault: (ChainFault & { readonly where: 'store' | 'mirror' }) | null
}

/**
 * Reads everything once; the first fault in the store, else the first in the mirror. `mirroredMin` is how many entries the
 * mirror must hold: what is written meanwhile may not have reached it yet.
 */
export function verifyAudit(database: Database, mirrorFile: string, mirroredMin = lastAuditEntry(database)?.seq ?? 0): AuditVerdict {
  // The mirror first: entries reach it after the store, so that one written meanwhile cannot look missing from the store.
  const lines = readMirror(mirrorFile)
  const checker = new ChainChecker()
  const hashes: string[] = []
  for (const entry of auditEntriesAfter(database, 0)) {
    const fault = checker.check(entry)
    if (fault) return { intact: false, length: checker.length, head: checker.head, fault: { ...fault, where: 'store' } }
    hashes.push(entry.hash)
  }
  const fault = mirrorFault(lines, hashes, mirroredMin)
  return { intact: fault === undefined, length: checker.length, head: checker.head, fault: fault ? { ...fault, where: 'mirror' } : null }
}

function mirrorFault(lines: readonly MirrorLine[], hashes: readonly string[], mirroredMin: number): ChainFault | undefined {
  const checker = new ChainChecker()
  for (const { line, entry } of lines) {
    if (!entry) return { seq: checker.length + 1, what: `line ${line} is not an audit entry` }
    const fault = checker.check(entry)
    if (fault) return fault
    const stored = hashes[entry.seq - 1]
    if (stored === undefined) return { seq: entry.seq, what: 'it is missing from the store' }
    if (stored !== entry.hash) return { seq: entry.seq, what: 'it differs from the store' }
  }
  if (checker.length < mirroredMin)
    return { seq: checker.length + 1, what: `it and all after it are missing from the mirror, which ends at entry ${checker.length}` }
  return undefined
}
