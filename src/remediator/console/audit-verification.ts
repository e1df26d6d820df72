/** Owns verifying the whole audit trail when a person asks for it: in a thread of its own, one at a time, for a bounded time. */
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { messageOf } from '../../lib/errors.ts'
import { embeddedThread, isSingleFile } from '../../lib/single-file.ts'
import type { Journal } from '../audit/journal.ts'
import type { AuditVerdict } from '../audit/verify.ts'
import { lastAuditEntry } from '../store/audit/last-audit-entry.ts'
import type { Database } from '../store/database.ts'

export interface VerificationJob {
  readonly stateDir: string
  /** What the mirror must hold. */
  readonly mirroredMin: number
}

export type VerificationState =
  | { readonly kind: 'never' }
  | { readonly kind: 'running'; readonly sinceMs: number }
  | { readonly kind: 'done'; readonly atMs: number; readonly verdict: AuditVerdict }
  | { readonly kind: 'failed'; readonly atMs: number; readonly why: string }

export interface AuditVerification {
  state(): VerificationState
  /** Resolves when it has ended, or with what goes on already. Never rejects. */
  run(): Promise<VerificationState>
  close(): Promise<void>
}

export interface VerificationOptions {
  readonly stateDir: string
  readonly database: Database
  readonly journal: Journal
  readonly nowMs: () => number
}

const TIME_MS_MAX = 60_000

export function createAuditVerification({ stateDir, database, journal, nowMs }: VerificationOptions): AuditVerification {
  let state: VerificationState = { kind: 'never' }
  let running: { readonly worker: Worker; readonly ended: Promise<VerificationState> } | undefined

  const begin = (): Promise<VerificationState> => {
    // What is in the store now is in the mirror before the look begins.
    journal.flushNow()
    const worker = startWorker({ stateDir, mirroredMin: lastAuditEntry(database)?.seq ?? 0 })
    state = { kind: 'running', sinceMs: nowMs() }
    const ended = verdictOf(worker)
      .then(
        (verdict): VerificationState => ({ kind: 'done', atMs: nowMs(), verdict }),
        (error: unknown): VerificationState => ({ kind: 'failed', atMs: nowMs(), why: messageOf(error) }),
      )
      .then((result) => {
        state = result
        running = undefined
        return result
      })
    running = { worker, ended }
    return ended
  }
  return {
    state: () => state,
    run: () => running?.ended ?? begin(),
    close: async () => {
      await running?.worker.terminate()
    },
  }
}

function startWorker(job: VerificationJob): Worker {
  const isEmbedded = isSingleFile()
  const program = isEmbedded
    ? embeddedThread('audit-verify-worker')
    : new URL(`./audit-verify-worker${extname(import.meta.filename)}`, import.meta.url)
  return new Worker(program, {
    eval: isEmbedded,
    workerData: job,
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 128 },
  })
}

function verdictOf(worker: Worker): Promise<AuditVerdict> {
  const { promise, resolve, reject } = Promise.withResolvers<AuditVerdict>()
  const timer = setTimeout(() => {
    reject(new Error(`it was not done after ${TIME_MS_MAX / 1000} s; procwarden audit verify takes the time it needs`))
    void worker.terminate()
  }, TIME_MS_MAX).unref()
  worker.once('message', resolve)
  worker.once('error', reject)
  worker.once('exit', () => reject(new Error('it was stopped')))
  return promise.finally(() => clearTimeout(timer))
}
