/** Owns the SQLite connection: opening, migrating, transactions, and turning its errors into reasons. No SQL of any feature. */
import { existsSync, renameSync, statSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { OperationalError, UsageError, messageOf } from '../../lib/errors.ts'
import { makeDirectory } from '../../lib/make-directory.ts'
import { MIGRATIONS } from './migrations.ts'
import type { Row } from './row.ts'

/** How long a call waits for another writer. Short: it blocks the event loop, and callers retry. */
const BUSY_TIMEOUT_MS = 100
/** At the start nothing else waits, and another remediator may be in the middle of its own start. */
const OPEN_TIMEOUT_MS = 5_000

export type StoreReason = 'busy' | 'full' | 'read_only' | 'corrupt' | 'io' | 'failed'

/** What opening found. */
export interface OpenedStore {
  readonly database: Database
  /** Where a store went that could not be used any more; the one that is open is fresh then. */
  readonly setAside: { readonly file: string; readonly why: string } | undefined
  /** There was no store before. */
  readonly isFresh: boolean
}

/** The store's file below a state folder. */
export function databasePath(stateDir: string): string {
  return path.join(stateDir, 'remediator', 'procwarden.db')
}

export class Database {
  readonly #connection: DatabaseSync
  readonly #statements: Map<string, StatementSync>
  readonly #fence: () => void

  private constructor(connection: DatabaseSync, statements = new Map<string, StatementSync>(), fence: () => void = () => undefined) {
    this.#connection = connection
    this.#statements = statements
    this.#fence = fence
  }

  /** Opens for reading and writing, making and migrating the file as needed. Write-ahead log, every commit on disk. */
  static open(file: string): Database {
    try {
      return connect(file, (connection) => new Database(connection))
    } catch (error) {
      throw openError(file, error)
    }
  }

  /**
   * As `open`, after a look at every page. A store that is corrupt is renamed, with its log, and a fresh one takes its place:
   * whoever kept alerts in it would else not handle any alert any more. Throws UsageError for anything else that is wrong.
   */
  static openOrSetAside(file: string, nowMs: number): OpenedStore {
    // SQLite takes an empty file for a new database.
    const isFresh = (statSync(file, { throwIfNoEntry: false })?.size ?? 0) === 0
    try {
      return { database: connect(file, (connection) => new Database(connection), { check: !isFresh }), setAside: undefined, isFresh }
    } catch (error) {
      if (storeReason(error) !== 'corrupt') throw openError(file, error)
      const away = `${file}.corrupt-${new Date(nowMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}`
      for (const suffix of ['', '-wal', '-shm']) if (existsSync(`${file}${suffix}`)) renameSync(`${file}${suffix}`, `${away}${suffix}`)
      return { database: Database.open(file), setAside: { file: away, why: messageOf(error) }, isFresh: true }
    }
  }

  /** Opens an existing store for reading only. Throws UsageError when there is none. */
  static openForReading(file: string): Database {
    try {
      const connection = new DatabaseSync(file, { readOnly: true, timeout: 2_000 })
      connection.prepare('SELECT count(*) FROM audit').get()
      return new Database(connection)
    } catch (error) {
      throw new UsageError(`cannot read the store ${file}: ${messageOf(error)}`, error)
    }
  }

  /**
   * The same connection for work that only one of several remediators may do: `check` runs at the beginning of each
   * transaction, inside it, and throws when this one must not write any more.
   */
  fenced(check: () => void): Database {
    return new Database(this.#connection, this.#statements, check)
  }

  /** A prepared statement, kept for the connection's life. SQL text is constant; values are always bound. */
  statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (!statement) {
      statement = storeCall(() => this.#connection.prepare(sql))
      this.#statements.set(sql, statement)
    }
    return statement
  }

  run(sql: string, values: SqlValues = {}): { readonly changes: number; readonly lastId: number } {
    const result = storeCall(() => this.statement(sql).run(values))
    return { changes: Number(result.changes), lastId: Number(result.lastInsertRowid) }
  }

  get(sql: string, values: SqlValues = {}): Row | undefined {
    return storeCall(() => this.statement(sql).get(values))
  }

  all(sql: string, values: SqlValues = {}): Row[] {
    return storeCall(() => this.statement(sql).all(values))
  }

  iterate(sql: string, values: SqlValues = {}): IterableIterator<Row> {
    return storeCall(() => this.statement(sql).iterate(values))
  }

  /** Runs `work` in one immediate transaction: all of it is durable, or none. Nested calls join the outer one. */
  transaction<Result>(work: () => Result): Result {
    if (this.#connection.isTransaction) return work()
    storeCall(() => this.#connection.exec('BEGIN IMMEDIATE'))
    try {
      this.#fence()
      const result = work()
      storeCall(() => this.#connection.exec('COMMIT'))
      return result
    } catch (error) {
      if (this.#connection.isTransaction) this.#connection.exec('ROLLBACK')
      throw error
    }
  }

  close(): void {
    this.#statements.clear()
    this.#connection.close()
  }
}

/** Watches that the open store is still the file of that name: another start may have set it aside as corrupt. */
export function createReplacementCheck(file: string): () => boolean {
  const inodeOf = (): number | undefined => statSync(file, { throwIfNoEntry: false })?.ino
  const opened = inodeOf()
  return () => inodeOf() !== opened
}

function connect(file: string, wrap: (connection: DatabaseSync) => Database, { check = false } = {}): Database {
  makeDirectory(path.dirname(file))
  const connection = new DatabaseSync(file, { timeout: OPEN_TIMEOUT_MS, enableForeignKeyConstraints: true })
  try {
    connection.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF;')
    if (check) checkIntegrity(connection)
    const database = wrap(connection)
    migrate(database, connection)
    connection.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`)
    return database
  } catch (error) {
    connection.close()
    throw error
  }
}

/** Every page, every index (sqlite.org/pragma.html#pragma_integrity_check); milliseconds for a store of some megabytes. */
function checkIntegrity(connection: DatabaseSync): void {
  const [first] = storeCall(() => connection.prepare('PRAGMA integrity_check(1)').all())
  const verdict = String(first?.['integrity_check'])
  if (verdict !== 'ok') throw new OperationalError(verdict, { reason: 'corrupt' })
}

/** Each step in a transaction that looks at the version once more: another remediator may be doing the same. */
function migrate(database: Database, connection: DatabaseSync): void {
  const versionNow = (): number => Number(database.get('PRAGMA user_version')?.['user_version'] ?? 0)
  const version = versionNow()
  if (version > MIGRATIONS.length)
    throw new Error(`it was written by a newer procwarden (schema ${version}, this one knows ${MIGRATIONS.length})`)
  for (const [index, sql] of MIGRATIONS.entries()) {
    if (index < version) continue
    database.transaction(() => {
      if (versionNow() === index) connection.exec(`${sql}; PRAGMA user_version = ${index + 1};`)
    })
  }
}

function openError(file: string, error: unknown): UsageError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const isFolder = code === 'ENOENT' || code === 'EACCES' || code === 'EROFS' || code === 'EPERM'
  const wayOut = isFolder ? '; name a folder that can be written to with --state.dir' : ''
  return new UsageError(`cannot open the store ${file}: ${messageOf(error)}${wayOut}`, error)
}

export type SqlValue = string | number | null
export type SqlValues = Readonly<Record<string, SqlValue>>

/** The reason why a call of the store failed; undefined for an error of another kind. */
function storeReason(error: unknown): string | undefined {
  if (error instanceof OperationalError) return error.reason
  return typeof error === 'object' && error !== null && 'errcode' in error ? reasonOf(Number(error.errcode)) : undefined
}

/** The error classes of SQLite's result codes (sqlite.org/rescode.html). */
function reasonOf(code: number): StoreReason {
  switch (code & 0xff) {
    case 5:
    case 6:
      return 'busy'
    case 8:
      return 'read_only'
    case 10:
      return 'io'
    case 11:
    case 26:
      return 'corrupt'
    case 13:
      return 'full'
    default:
      return 'failed'
  }
}

function storeCall<Result>(call: () => Result): Result {
  try {
    return call()
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'errcode' in error ? Number(error.errcode) : 0
    if (code === 0) throw error
    throw new OperationalError(`the store failed: ${messageOf(error)}`, { reason: reasonOf(code), retryable: true, cause: error })
  }
}
