/** Owns writing the audit trail: every entry goes to the store's chain in the caller's transaction, then to the mirror. */
import type { Clock } from '../../lib/clock.ts'
import { messageOf } from '../../lib/errors.ts'
import type { Logger } from '../../lib/log.ts'
import type { Database } from '../store/database.ts'
import { appendAuditEntry, auditEntriesAfter, lastAuditEntry } from '../store/audit-entries.ts'
import { appendToMirror, dropTornLine, readMirror } from './mirror.ts'
import { verifyAudit, type AuditVerdict } from './verify.ts'

export class Journal {
  readonly #database: Database
  readonly #mirrorFile: string
  readonly #clock: Clock
  readonly #log: Logger
  /** Seq of the last entry that is known to be in the mirror. */
  #mirroredSeq = 0
  /** False once the mirror and the store disagree: then nothing is appended that would hide it. */
  #mirrorTrusted = true

  constructor(database: Database, mirrorFile: string, clock: Clock, log: Logger) {
    this.#database = database
    this.#mirrorFile = mirrorFile
    this.#clock = clock
    this.#log = log
  }

  /** Checks what is there and repairs a mirror that a crash left behind. Call once, before the first entry. */
  open(): AuditVerdict {
    dropTornLine(this.#mirrorFile)
    const before = verifyAudit(this.#database, this.#mirrorFile)
    const lines = readMirror(this.#mirrorFile).length
    const onlyBehind = before.fault?.where === 'mirror' && lines < before.length && before.fault.seq === lines + 1
    if (before.intact || onlyBehind) {
      this.#mirroredSeq = lines
      this.flush()
      return onlyBehind ? verifyAudit(this.#database, this.#mirrorFile) : before
    }
    this.#mirrorTrusted = before.fault?.where !== 'mirror'
    this.#mirroredSeq = lastAuditEntry(this.#database)?.seq ?? 0
    return before
  }

  /** Appends one entry. Within a transaction it becomes durable with it; call `flush` after the commit. */
  record(event: string, incident: string | null, text: string, data: Readonly<Record<string, unknown>> = {}): void {
    appendAuditEntry(this.#database, { at: new Date(this.#clock.nowMs()).toISOString(), event, incident, text, data })
  }

  /** Copies entries that are in the store but not in the mirror yet. A failure is logged and tried again at the next call. */
  flush(): void {
    if (!this.#mirrorTrusted) return
    try {
      const entries = [...auditEntriesAfter(this.#database, this.#mirroredSeq)]
      appendToMirror(this.#mirrorFile, entries)
      this.#mirroredSeq = entries.at(-1)?.seq ?? this.#mirroredSeq
    } catch (error) {
      this.#log.error('The audit trail could not be copied to its NDJSON mirror; it will be tried again', {
        file: this.#mirrorFile,
        error: messageOf(error),
      })
    }
  }
}
