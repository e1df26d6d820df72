/** Owns the check of the whole audit trail: the chain in the store, and its NDJSON mirror against it. Changes nothing. */
import { setTimeout as delay } from 'node:timers/promises'
import type { AuditEntry } from '../model.ts'
import type { Database } from '../store/database.ts'
import { auditEntriesAfter } from '../store/audit/audit-entries-after.ts'
import { lastAuditEntry } from '../store/audit/last-audit-entry.ts'
import { ChainChecker, type ChainFault } from './chain.ts'
import { mirrorSize, readMirror, type MirrorLine } from './mirror.ts'

export interface AuditFault extends ChainFault {
  readonly where: 'store' | 'mirror' | 'prometheus'
}

export interface AuditVerdict {
  readonly intact: boolean
  /** Good entries from the first on. */
  readonly length: number
  /** Hash of the last good entry. */
  readonly head: string
  /** Good lines of the mirror, from the first on. */
  readonly mirrored: number
  /** The mirror holds nothing wrong, but lacks the newest entries: as a crash leaves it. */
  readonly mirrorIsBehind: boolean
  /** The first bad entry, or null. */
  readonly fault: AuditFault | null
}

export interface VerifyOptions {
  /** How many entries the mirror must hold: what is written meanwhile may not have reached it yet. Default: all. */
  readonly mirroredMin?: number
  /** Called for each good entry of the store, in order. */
  readonly onEntry?: (entry: AuditEntry) => void
}

const LOOKS = 4
const BETWEEN_LOOKS_MS = 400

/**
 * The verdict of `look`, which is asked again while the mirror seems at fault: a running remediator writes it a moment after
 * the store, and a look may fall in the middle of a line.
 */
export async function settledVerdict(look: () => AuditVerdict): Promise<AuditVerdict> {
  for (let looks = 1; ; looks++) {
    const verdict = look()
    if (verdict.fault?.where !== 'mirror' || looks === LOOKS) return verdict
    await delay(BETWEEN_LOOKS_MS)
  }
}

/** Reads everything once, both side by side; the first fault in the store, else the first in the mirror. */
export function verifyAudit(database: Database, mirrorFile: string, options: VerifyOptions = {}): AuditVerdict {
  const mirroredMin = options.mirroredMin ?? lastAuditEntry(database)?.seq ?? 0
  // The mirror's end first: entries reach it after the store, so that one written meanwhile cannot look missing from the store.
  const mirror = new MirrorCheck(readMirror(mirrorFile, mirrorSize(mirrorFile)))
  const checker = new ChainChecker()
  let fault: AuditFault | undefined
  try {
    for (const entry of auditEntriesAfter(database, 0)) {
      const broken = checker.check(entry)
      if (broken) {
        fault = { ...broken, where: 'store' }
        break
      }
      options.onEntry?.(entry)
      mirror.compare(entry)
    }
    if (!fault) mirror.finish()
  } finally {
    mirror.close()
  }
  const { length, head } = checker
  const mirrorIsBehind = mirror.fault === undefined && mirror.length < mirroredMin
  const inMirror = mirror.fault ?? (mirrorIsBehind ? missing(mirror.length) : undefined)
  fault ??= inMirror && { ...inMirror, where: 'mirror' }
  return { intact: fault === undefined, length, head, mirrored: mirror.length, mirrorIsBehind, fault: fault ?? null }
}

function missing(length: number): ChainFault {
  return { seq: length + 1, what: `it and all after it are missing from the mirror, which ends at entry ${length}` }
}

/** Follows the mirror line by line beside the store. */
class MirrorCheck {
  readonly #lines: Iterator<MirrorLine>
  readonly #checker = new ChainChecker()
  fault: ChainFault | undefined
  #isAtEnd = false

  constructor(lines: Iterator<MirrorLine>) {
    this.#lines = lines
  }

  get length(): number {
    return this.#checker.length
  }

  /** The next line against the store's next entry. */
  compare(stored: AuditEntry): void {
    const entry = this.#next()
    if (entry && entry.hash !== stored.hash) this.fault = { seq: entry.seq, what: 'it differs from the store' }
  }

  /** What is left in the mirror has nothing to be compared with. */
  finish(): void {
    const entry = this.#next()
    if (entry) this.fault = { seq: entry.seq, what: 'it is missing from the store' }
  }

  close(): void {
    this.#lines.return?.()
  }

  #next(): AuditEntry | undefined {
    if (this.#isAtEnd || this.fault) return undefined
    const { done, value } = this.#lines.next()
    if (done === true) {
      this.#isAtEnd = true
      return undefined
    }
    const { line, entry } = value
    this.fault = entry ? this.#checker.check(entry) : { seq: this.length + 1, what: `line ${line} is not an audit entry` }
    return this.fault ? undefined : entry
  }
}
