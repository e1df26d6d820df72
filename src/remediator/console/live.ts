/** Owns telling open pages, by server-sent events, that something has changed. Tells no more than that: pages ask for themselves anew. */
import type { Response } from 'express'
import { OperationalError } from '../../lib/errors.ts'
import { lastAuditEntry } from '../store/audit/last-audit-entry.ts'
import type { Database } from '../store/database.ts'
import { PAGE_HEADERS } from './browser-rules.ts'

export interface LiveOptions {
  readonly database: Database
  readonly clientsMax?: number
  readonly clientsOfSessionMax?: number
  readonly lookEveryMs?: number
}

interface Client {
  readonly response: Response
  readonly session: string
  /** Whether whoever opened it is signed in still. */
  readonly isWelcome: () => boolean
}

const LOOK_EVERY_MS = 1_000
/** So that a connection that is dead already is found out, and a proxy does not take a quiet one for dead. */
const LOOKS_BETWEEN_BEATS = 20
/** A page that does not take what little is sent is gone; what waits for it is memory. */
const UNSENT_BYTES_MAX = 16_384
const CLIENTS_MAX = 100
/** Browsers open no more than six connections to one host over HTTP/1.1: some must be left for the pages themselves. */
const CLIENTS_OF_SESSION_MAX = 4

export class LiveFeed {
  readonly #options: Required<LiveOptions>
  readonly #clients = new Set<Client>()
  #timer: NodeJS.Timeout | undefined
  #seq = 0
  #looks = 0

  constructor(options: LiveOptions) {
    this.#options = { clientsMax: CLIENTS_MAX, clientsOfSessionMax: CLIENTS_OF_SESSION_MAX, lookEveryMs: LOOK_EVERY_MS, ...options }
  }

  get clients(): number {
    return this.#clients.size
  }

  /** Keeps the response open. False when there are too many already; the caller answers then. */
  connect(response: Response, session: string, isWelcome: () => boolean): boolean {
    const { clientsMax, clientsOfSessionMax, lookEveryMs } = this.#options
    const ofSession = [...this.#clients].filter((client) => client.session === session).length
    if (this.#clients.size >= clientsMax || ofSession >= clientsOfSessionMax) return false
    const client: Client = { response, session, isWelcome }
    if (this.#clients.size === 0) this.#seq = this.#newest() ?? this.#seq
    this.#clients.add(client)
    response.on('close', () => this.#forget(client))
    // Closed with its end: a kept connection would have to be waited for when the server stops.
    response.writeHead(200, {
      ...PAGE_HEADERS,
      'Content-Type': 'text/event-stream; charset=utf-8',
      Connection: 'close',
      'X-Accel-Buffering': 'no',
    })
    response.write(`retry: 3000\n\n${this.#event()}`)
    this.#timer ??= setInterval(() => this.#look(), lookEveryMs).unref()
    return true
  }

  /** Ends all of them. */
  close(): void {
    for (const { response } of this.#clients) response.end()
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #look(): void {
    this.#looks += 1
    for (const client of this.#clients) if (!client.isWelcome()) client.response.end()
    const newest = this.#newest()
    if (newest !== undefined && newest !== this.#seq) {
      this.#seq = newest
      this.#send(this.#event())
    } else if (this.#looks % LOOKS_BETWEEN_BEATS === 0) this.#send(': still here\n\n')
  }

  #send(text: string): void {
    for (const { response } of this.#clients) {
      if (response.writableLength > UNSENT_BYTES_MAX) response.destroy()
      else response.write(text)
    }
  }

  #event(): string {
    return `event: change\ndata: ${this.#seq}\n\n`
  }

  /** Every change that a page could show is an entry of the audit trail, whichever remediator on the store made it. */
  #newest(): number | undefined {
    try {
      return lastAuditEntry(this.#options.database)?.seq ?? 0
    } catch (error) {
      if (error instanceof OperationalError) return undefined
      throw error
    }
  }

  #forget(client: Client): void {
    this.#clients.delete(client)
    if (this.#clients.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
