/** Owns sending the outbox over SMTP: one at a time, with retries for days. A mail server that fails never stops anything else. */
import { createTransport, type Transporter } from 'nodemailer'
import { messageOf } from '../../lib/errors.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Logger } from '../../lib/log.ts'
import type { MailSettings } from '../config.ts'
import type { Database } from '../store/database.ts'
import { mailsSentSince, markMailSent, nextMail, postponeMail, type OutboxMail } from '../store/outbox.ts'

const CONNECT_TIMEOUT_MS = 10_000
const SOCKET_TIMEOUT_MS = 30_000
const POLL_MS = 1_000
const HOUR_MS = 3_600_000
/** Grows from seconds to hours; the last value repeats until the mail is taken. */
const BACKOFF_MS = [5_000, 30_000, 120_000, 600_000, 1_800_000, HOUR_MS]

export interface MailerOptions {
  readonly settings: MailSettings
  readonly database: Database
  readonly clock: Clock
  readonly log: Logger
}

export class Mailer {
  readonly #options: MailerOptions
  readonly #transport: Transporter
  readonly #stop = new AbortController()
  #loop: Promise<void> = Promise.resolve()
  #wake: (() => void) | undefined

  constructor(options: MailerOptions) {
    this.#options = options
    this.#transport = createTransport({
      url: options.settings.smtpUrl,
      connectionTimeout: CONNECT_TIMEOUT_MS,
      greetingTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: SOCKET_TIMEOUT_MS,
    })
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
    const force = setTimeout(() => this.#transport.close(), graceMs)
    await Promise.race([this.#loop, this.#options.clock.sleep(graceMs)])
    clearTimeout(force)
    this.#transport.close()
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const didSend = await this.#sendNext()
      if (!didSend) await this.#pause()
    }
  }

  /** Sends the mail that is due, if the hour's allowance is not used up. Never throws. */
  async #sendNext(): Promise<boolean> {
    const { database, clock, settings, log } = this.#options
    try {
      if (mailsSentSince(database, clock.nowMs() - HOUR_MS) >= settings.maxPerHour) return false
      const mail = nextMail(database, clock.nowMs())
      if (!mail) return false
      await this.#send(mail)
      return true
    } catch (error) {
      log.warn('The outbox could not be read; it is tried again', { error: messageOf(error) })
      return false
    }
  }

  async #send(mail: OutboxMail): Promise<void> {
    const { database, clock, settings, log } = this.#options
    try {
      await this.#transport.sendMail({
        from: settings.from,
        to: [...settings.to],
        subject: mail.subject,
        text: mail.body,
        messageId: mail.messageId,
        headers: { 'Auto-Submitted': 'auto-generated', 'X-Procwarden-Incident': mail.incident ?? 'none' },
      })
    } catch (error) {
      const waitMs = BACKOFF_MS[Math.min(mail.attempts, BACKOFF_MS.length - 1)] ?? HOUR_MS
      const why = withoutSecrets(messageOf(error), settings.smtpUrl)
      postponeMail(database, mail.id, clock.nowMs() + waitMs, why)
      log.warn(`A mail could not be sent; it is tried again in ${waitMs / 1000} s`, { subject: mail.subject, error: why })
      return
    }
    markMailSent(database, mail.id, clock.nowMs())
    log.info(`Mailed ${settings.to.length === 1 ? '1 recipient' : `${settings.to.length} recipients`}: ${mail.subject}`)
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

/** Some servers echo the user name or the password in their refusal. */
function withoutSecrets(text: string, smtpUrl: string): string {
  const url = new URL(smtpUrl)
  return [url.password, decodeURIComponent(url.password), url.username]
    .filter((secret) => secret.length > 2)
    .reduce((masked, secret) => masked.replaceAll(secret, '<secret>'), text)
}
