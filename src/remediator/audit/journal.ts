/** Owns writing the audit trail: every entry goes to the store's chain in the caller's transaction, then to the mirror. */
import type { Clock } from '../../lib/clock.ts'
import { OperationalError, messageOf } from '../../lib/errors.ts'
import type { Logger } from '../../lib/log.ts'
import { appendAuditEntry } from '../store/audit/append-audit-entry.ts'
import { auditEntriesAfter } from '../store/audit/audit-entries-after.ts'
import type { Database } from '../store/database.ts'
import { appendToMirror, dropTornLine, mirrorEnd, mirrorSize, syncMirror, syncMirrorAside } from './mirror.ts'
import { verifyAudit, type AuditVerdict } from './verify.ts'

/** Entries of that long are copied together: each copy costs a write, and one more while the disk is busy helps nobody. */
const FLUSH_MS = 25
const RETRY_MS = 1_000
const SYNC_MS = 1_000
/** Copied in one go. More wait for the next one. */
const BATCH = 2_000

export class Journal {
  readonly #database: Database
  readonly #mirrorFile: string
  readonly #clock: Clock
  readonly #log: Logger
  /** How the mirror ended when this one looked last; another remediator on the same store may have written since. */
  #end = { sizeBytes: 0, lastSeq: 0 }
  /** False once the mirror and the store disagree: then nothing is appended that would hide it. */
  #mirrorTrusted = true
  #hasFailed = false
  #timer: NodeJS.Timeout | undefined
  #syncTimer: NodeJS.Timeout | undefined

  constructor(database: Database, mirrorFile: string, clock: Clock, log: Logger) {
    this.#database = database
    this.#mirrorFile = mirrorFile
    this.#clock = clock
    this.#log = log
  }

  /** Checks what is there and repairs a mirror that a crash left behind. Call once, before the first entry. */
  open(): AuditVerdict {
    const verdict = verifyAudit(this.#database, this.#mirrorFile)
    // Nobody writes while the store is locked: what still looks wrong then is wrong, and may be mended.
    return verdict.intact ? verdict : this.#database.transaction(() => this.#mend())
  }

  /** Appends one entry. Within a transaction it becomes durable with it; call `flush` after the commit. */
  record(event: string, incident: string | null, text: string, data: Readonly<Record<string, unknown>> = {}): void {
    appendAuditEntry(this.#database, { at: new Date(this.#clock.nowMs()).toISOString(), event, incident, text, data })
  }

  /** Has what is in the store but not in the mirror copied soon. A failure is logged and tried again. */
  flush(): void {
    this.#schedule(FLUSH_MS)
  }

  /** As `flush`, but done when it returns. */
  flushNow(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    while (this.#copy());
  }

  /** Copies what is left and has it on disk. */
  close(): void {
    this.flushNow()
    clearTimeout(this.#timer)
    clearTimeout(this.#syncTimer)
    try {
      syncMirror(this.#mirrorFile)
    } catch (error) {
      this.#failed(error)
    }
  }

  #mend(): AuditVerdict {
    dropTornLine(this.#mirrorFile)
    const verdict = verifyAudit(this.#database, this.#mirrorFile)
    if (verdict.mirrorIsBehind && verdict.fault?.where === 'mirror') {
      while (this.#copy());
      return verifyAudit(this.#database, this.#mirrorFile)
    }
    this.#mirrorTrusted = verdict.fault?.where !== 'mirror'
    return verdict
  }

  #schedule(ms: number): void {
    if (this.#timer !== undefined || !this.#mirrorTrusted) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      if (this.#copy()) this.#schedule(0)
    }, ms).unref()
  }

  /** Returns whether there may be more. The store's lock keeps other remediators from copying the same entries. */
  #copy(): boolean {
    if (!this.#mirrorTrusted) return false
    try {
      const count = this.#database.transaction(() => this.#copyBatch())
      this.#hasFailed = false
      return count === BATCH
    } catch (error) {
      this.#failed(error)
      this.#schedule(RETRY_MS)
      return false
    }
  }

  #copyBatch(): number {
    const file = this.#mirrorFile
    if (mirrorSize(file) !== this.#end.sizeBytes) {
      const { sizeBytes, lastSeq, isTorn } = mirrorEnd(file)
      if (lastSeq === undefined || isTorn) {
        this.#mirrorTrusted = false
        this.#log.error('The NDJSON mirror of the audit trail was changed by somebody else; nothing is added to it any more', { file })
        return 0
      }
      this.#end = { sizeBytes, lastSeq }
    }
    const entries = [...auditEntriesAfter(this.#database, this.#end.lastSeq, BATCH)]
    const last = entries.at(-1)
    if (!last) return 0
    appendToMirror(file, entries)
    this.#scheduleSync()
    this.#end = { sizeBytes: mirrorSize(file), lastSeq: last.seq }
    return entries.length
  }

  /** The store is what must survive a power failure at once; its copy may be a second behind, and is completed at the next start. */
  #scheduleSync(): void {
    this.#syncTimer ??= setTimeout(() => {
      this.#syncTimer = undefined
      syncMirrorAside(this.#mirrorFile).catch((error: unknown) => this.#failed(error))
    }, SYNC_MS).unref()
  }

  /** Said once until it works again. A locked store is no fault: another remediator is at it. */
  #failed(error: unknown): void {
    if (this.#hasFailed || (error instanceof OperationalError && error.reason === 'busy')) return
    this.#hasFailed = true
    this.#log.error('The audit trail could not be copied to its NDJSON mirror; it will be tried again', {
      file: this.#mirrorFile,
      error: messageOf(error),
    })
  }
}
