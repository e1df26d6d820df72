/** Owns the SQLite connection: opening, migrating, transactions, and turning its errors into reasons. No SQL of any feature. */
import path from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { OperationalError, UsageError, messageOf } from '../../lib/errors.ts'
import { makeDirectory } from '../../lib/make-directory.ts'
import { MIGRATIONS } from './migrations.ts'
import type { Row } from './row.ts'

/** How long a call waits for another writer. Short: it blocks the event loop, and callers retry. */
const BUSY_TIMEOUT_MS = 100

export type StoreReason = 'busy' | 'full' | 'read_only' | 'corrupt' | 'io' | 'failed'

/** The store's file below a state folder. */
export function databasePath(stateDir: string): string {
  return path.join(stateDir, 'remediator', 'procwarden.db')
}

export class Database {
  readonly #connection: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()
  #depth = 0

  private constructor(connection: DatabaseSync) {
    this.#connection = connection
  }

  /** Opens for reading and writing, making and migrating the file as needed. Write-ahead log, every commit on disk. */
  static open(file: string): Database {
    try {
      makeDirectory(path.dirname(file))
      const connection = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true })
      connection.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF;')
      const database = new Database(connection)
      database.#migrate()
      return database
    } catch (error) {
      throw new UsageError(`cannot open the store ${file}: ${messageOf(error)}`, error)
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
    return this.statement(sql).iterate(values)
  }

  /** Runs `work` in one immediate transaction: all of it is durable, or none. Nested calls join the outer one. */
  transaction<Result>(work: () => Result): Result {
    if (this.#depth > 0) return work()
    storeCall(() => this.#connection.exec('BEGIN IMMEDIATE'))
    this.#depth += 1
    try {
      const result = work()
      storeCall(() => this.#connection.exec('COMMIT'))
      return result
    } catch (error) {
      if (this.#connection.isTransaction) this.#connection.exec('ROLLBACK')
      throw error
    } finally {
      this.#depth -= 1
    }
  }

  close(): void {
    this.#statements.clear()
    this.#connection.close()
  }

  #migrate(): void {
    const version = Number(this.get('PRAGMA user_version')?.['user_version'] ?? 0)
    if (version > MIGRATIONS.length)
      throw new Error(`it was written by a newer procwarden (schema ${version}, this one knows ${MIGRATIONS.length})`)
    for (const [index, sql] of MIGRATIONS.entries()) {
      if (index < version) continue
      this.transaction(() => this.#connection.exec(`${sql}; PRAGMA user_version = ${index + 1};`))
    }
  }
}

export type SqlValue = string | number | null
export type SqlValues = Readonly<Record<string, SqlValue>>

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
