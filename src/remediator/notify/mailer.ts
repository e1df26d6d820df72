/**
 * Owns sending the outbox over SMTP: one mail at a time, within the limits of an hour, with retries for days. A mail server that
 * fails, hangs or lies never stops anything else.
 */
import type { Clock } from '../../lib/clock.ts'
import { messageOf } from '../../lib/errors.ts'
import type { Logger } from '../../lib/log.ts'
import type { Database } from '../store/database.ts'
import {
  adoptMails,
  enqueueDigest,
  giveUpMail,
  heldMails,
  holdMails,
  mailsSentSince,
  markMailSent,
  nextMail,
  postponeMail,
  waitingRecipients,
  type OutboxMail,
} from '../store/outbox.ts'
import { allowanceFor, HOUR_MS } from './allowance.ts'
import { digestLetter } from './digest-letter.ts'
import { messageIdOf, rendered } from './enqueue-letter.ts'
import type { MailOrigin } from './incident-letter.ts'
import type { MailSettings } from './mail-settings.ts'
import { distinct } from './routing.ts'
import { smtpFailure } from './smtp-failure.ts'
import { createSmtpTransport, type SmtpTransport } from './smtp-transport.ts'

const POLL_MS = 1_000
/** Grows from seconds to hours; the last value repeats until the mail is taken. */
const BACKOFF_MS = [5_000, 30_000, 120_000, 600_000, 1_800_000, HOUR_MS]
/** A call for a person waits no longer for a server that fails. */
const CALL_WAIT_MS_MAX = 60_000
/** So often a mail may be too much for the server's time before that is taken for the mail's own fault. */
const TOO_SLOW_MAX = 3
/** Of one digest; what is more is in the next. */
const DIGEST_MAILS_MAX = 2_000

export type MailOutcome = 'sent' | 'postponed' | 'given_up'

export interface MailerOptions {
  readonly settings: MailSettings
  readonly origin: MailOrigin
  readonly database: Database
  readonly clock: Clock
  readonly log: Logger
  readonly onOutcome?: (outcome: MailOutcome) => void
  readonly transport?: SmtpTransport
}

export class Mailer {
  readonly #options: MailerOptions
  readonly #transport: SmtpTransport
  readonly #stop = new AbortController()
  /** While the server as a whole fails, nothing but calls for a person is tried until then. */
  #server = { failures: 0, failedAtMs: 0, notBeforeMs: 0 }
  /** By a mail's id: how often the server took too long over it. */
  readonly #tooSlow = new Map<number, number>()
  #hasAdopted = false
  /** Notes what became of the last mail where the store did not take it. Till then nothing is sent: it would be the same mail again. */
  #unwritten: (() => void) | undefined
  #loop: Promise<void> = Promise.resolve()
  #wake: (() => void) | undefined

  constructor(options: MailerOptions) {
    this.#options = options
    this.#transport = options.transport ?? createSmtpTransport(options.settings)
  }

  start(): void {
    this.#loop = this.#run()
  }

  /** A mail was put into the outbox: look now. */
  wake(): void {
    this.#wake?.()
  }

  /** Stops after the mail under way, at the latest after `graceMs`; what is unsent stays in the outbox. */
  async stop(graceMs = 2_000): Promise<void> {
    this.#stop.abort()
    this.#wake?.()
    let timer: NodeJS.Timeout | undefined
    const grace = new Promise<void>((resolve) => (timer = setTimeout(resolve, graceMs)))
    await Promise.race([this.#loop, grace])
    clearTimeout(timer)
    this.#transport.close()
    await this.#loop
  }

  /** Does the next thing that is due; false when there is nothing to do right now. Never throws. */
  async turn(): Promise<boolean> {
    const { database, clock, settings, log } = this.#options
    try {
      if (!this.#canCatchUp()) return false
      if (!this.#hasAdopted) adoptMails(database, distinct(settings.to))
      this.#hasAdopted = true
      const nowMs = clock.nowMs()
      // The wall clock was set back: what was to be waited for would take for ever.
      if (this.#server.notBeforeMs - nowMs > HOUR_MS) this.#server.notBeforeMs = nowMs
      if (this.#server.failedAtMs > nowMs) this.#server.failedAtMs = nowMs
      const mail = nowMs < this.#server.notBeforeMs ? this.#nextInPause(nowMs) : this.#next(nowMs)
      if (!mail) return false
      await this.#send(mail)
      return true
    } catch (error) {
      log.warn('The outbox could not be read; it is tried again', { error: messageOf(error) })
      return false
    }
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const didSend = await this.turn()
      if (!didSend) await this.#pause()
    }
  }

  /** Of a server that fails: a call for a person does not wait for its end. */
  #nextInPause(nowMs: number): OutboxMail | undefined {
    if (nowMs - this.#server.failedAtMs < CALL_WAIT_MS_MAX) return undefined
    return nextMail(this.#options.database, nowMs, { kind: 'alert' })
  }

  /** Calls for a person first; then digests, then what the allowances let through. What they do not is held back. */
  #next(nowMs: number): OutboxMail | undefined {
    const { database, settings } = this.#options
    const call = nextMail(database, nowMs, { kind: 'alert' })
    if (call) return call
    const hour = { sinceMs: nowMs - HOUR_MS, nowMs }
    const sentToAll = mailsSentSince(database, hour)
    const digest = nextMail(database, nowMs, { kind: 'digest' })
    if (digest && sentToAll < settings.maxPerHour) return digest
    const waiting = waitingRecipients(database, nowMs)
    for (const one of waiting) {
      const sentToOne = mailsSentSince(database, hour, one.recipient)
      const allowance = allowanceFor(one, { sentToOne, sentToAll, recipients: waiting.length, nowMs }, settings)
      if (allowance === 'send') return nextMail(database, nowMs, { kind: 'incident', recipient: one.recipient })
      if (allowance === 'digest') {
        this.#collect(one.recipient, nowMs)
        return nextMail(database, nowMs, { kind: 'digest', recipient: one.recipient })
      }
      if (one.held < one.due) holdMails(database, one.recipient, nowMs)
    }
    return undefined
  }

  #collect(recipient: string, nowMs: number): void {
    const { database, origin } = this.#options
    const mails = heldMails(database, recipient, nowMs, DIGEST_MAILS_MAX)
    const [first] = mails
    if (!first) return
    const key = `digest:${first.id}`
    const digest = {
      ...rendered(digestLetter(mails, origin)),
      dedupe: key,
      recipient,
      incident: null,
      messageId: messageIdOf(`${key}|${recipient}`, origin.hostname),
      createdAtMs: nowMs,
    }
    enqueueDigest(
      database,
      digest,
      mails.map(({ id }) => id),
    )
  }

  async #send(mail: OutboxMail): Promise<void> {
    const { database, clock, log } = this.#options
    const { subject, body, html, messageId, thread, incident, recipient } = mail
    // The wall clock may be set while a slow server takes its time, and the mail's time in the store with it.
    const ageMs = clock.nowMs() - mail.createdAtMs
    try {
      await this.#transport.send({ to: recipient, subject, text: body, html, messageId, thread, incident })
    } catch (error) {
      if (this.#stop.signal.aborted) return
      this.#failed(mail, ageMs, error)
      return
    }
    this.#server = { failures: 0, failedAtMs: 0, notBeforeMs: 0 }
    this.#tooSlow.delete(mail.id)
    const nowMs = clock.nowMs()
    this.#note(mail, () => markMailSent(database, mail.id, nowMs))
    this.#options.onOutcome?.('sent')
    log.info(`Mailed ${recipient}: ${subject}`)
  }

  /** Has the store note what became of the mail. Never throws. */
  #note({ subject, recipient }: OutboxMail, write: () => void): void {
    this.#unwritten = write
    try {
      this.#catchUp()
    } catch (error) {
      const about = { subject, recipient, error: messageOf(error) }
      this.#options.log.warn('What became of a mail cannot be written to the store; no mail is sent until it can', about)
    }
  }

  #catchUp(): void {
    this.#unwritten?.()
    this.#unwritten = undefined
  }

  #canCatchUp(): boolean {
    try {
      this.#catchUp()
      return true
    } catch {
      // It was logged when it failed first.
      return false
    }
  }

  /** `ageMs`: when it was tried. */
  #failed(mail: OutboxMail, ageMs: number, error: unknown): void {
    const { database, clock, settings, log } = this.#options
    const failure = smtpFailure(error, settings.smtpUrl)
    const { what, advice } = failure
    const isOfServer = failure.of === 'server' && !(failure.isTooSlow && this.#isOftenTooSlow(mail))
    const nowMs = clock.nowMs()
    const about = { subject: mail.subject, recipient: mail.recipient, error: what }
    if (isOfServer) this.#pauseServer(nowMs)
    if (ageMs >= settings.retryMs) {
      this.#note(mail, () => giveUpMail(database, mail.id, nowMs, what))
      this.#tooSlow.delete(mail.id)
      this.#options.onOutcome?.('given_up')
      log.error(`A mail could not be sent for ${(settings.retryMs / 86_400_000).toFixed(1)} days and is given up`, about)
      return
    }
    const backoff = backoffMs(isOfServer ? this.#server.failures - 1 : mail.attempts)
    // What is refused itself will not be taken a minute later either.
    const waitMs = mail.kind === 'alert' && isOfServer ? Math.min(backoff, CALL_WAIT_MS_MAX) : backoff
    this.#note(mail, () => postponeMail(database, mail.id, nowMs + waitMs, what))
    this.#options.onOutcome?.('postponed')
    log.warn(`A mail could not be sent; it is tried again in ${waitMs / 1000} s. ${advice}`, about)
  }

  /** A call that was tried within the pause does not make it longer: the other mails have waited for its end. */
  #pauseServer(nowMs: number): void {
    const { failures, notBeforeMs } = this.#server
    this.#server =
      nowMs < notBeforeMs
        ? { failures, failedAtMs: nowMs, notBeforeMs }
        : { failures: failures + 1, failedAtMs: nowMs, notBeforeMs: nowMs + backoffMs(failures) }
  }

  /** Counts this time. */
  #isOftenTooSlow({ id }: OutboxMail): boolean {
    const times = (this.#tooSlow.get(id) ?? 0) + 1
    this.#tooSlow.set(id, times)
    return times >= TOO_SLOW_MAX
  }

  #pause(): Promise<void> {
    return new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, POLL_MS)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

function backoffMs(failures: number): number {
  return BACKOFF_MS[Math.min(failures, BACKOFF_MS.length - 1)] ?? HOUR_MS
}
