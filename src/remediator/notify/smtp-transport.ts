/** Owns the connection to the mail server: pooled, bounded in every direction, and given up altogether when it hangs. */
import type { Transporter } from 'nodemailer'
import { OperationalError } from '../../lib/errors.ts'
import { isLoopback } from '../../lib/http.ts'
import { smtpFailure } from './smtp-failure.ts'
import { needsTls, type MailSettings } from './mail-settings.ts'

const CONNECT_TIMEOUT_MS = 10_000
/** A server may take that long to look at a mail before it says that it has it (RFC 5321, 4.5.3.2.6). Given up earlier, it would be sent again. */
const SOCKET_TIMEOUT_MS = 600_000
/** For a whole mail: a server that answers a byte now and then is never idle for long. */
const SEND_TIMEOUT_MS = 660_000

export interface SmtpMail {
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html: string | null
  readonly messageId: string
  /** Message-ID of the first mail of the thread. */
  readonly thread: string | null
  readonly incident: string | null
}

export interface SmtpTransport {
  /** Rejects with nodemailer's error. */
  send(mail: SmtpMail): Promise<void>
  close(): void
}

export function createSmtpTransport(settings: MailSettings, sendTimeoutMs = SEND_TIMEOUT_MS): SmtpTransport {
  // Whoever has no mail server does without its megabytes; whoever has one has it loaded before there is trouble.
  const loaded = import('nodemailer')
  loaded.catch(() => undefined)
  let pool: Transporter | undefined
  let closing = new AbortController()
  return {
    send: async (mail) => {
      const { createTransport } = await loaded
      pool ??= createTransport(poolOptions(settings))
      const timeout = AbortSignal.timeout(sendTimeoutMs)
      try {
        await pool.sendMail({ ...messageOf(mail, settings.from), signal: AbortSignal.any([timeout, closing.signal]) })
      } catch (error) {
        // A connection that has failed is not used again; one on which the server said no to a mail may be.
        if (smtpFailure(error, settings.smtpUrl).of === 'server') {
          if (pool) closePool(pool)
          pool = undefined
        }
        if (timeout.aborted)
          throw new OperationalError(`timed out: the server took longer than ${sendTimeoutMs / 1000} s for one mail`, {
            reason: 'timed_out',
          })
        throw error
      }
    },
    close: () => {
      closing.abort(new Error('the mailer stops'))
      closing = new AbortController()
      if (pool) closePool(pool)
      pool = undefined
    },
  }
}

function poolOptions(settings: MailSettings) {
  const { smtpUrl, tls, tlsCa } = settings
  const { hostname } = new URL(smtpUrl)
  return {
    url: smtpUrl,
    pool: true as const,
    maxConnections: 1,
    // Sending again after a broken connection is the outbox's decision: the server may have taken the mail.
    maxRequeues: 0,
    idleTimeout: 30_000,
    connectionTimeout: CONNECT_TIMEOUT_MS,
    greetingTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SOCKET_TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(tls === 'tls' ? { secure: true } : {}),
    ...(tls === 'none' ? { ignoreTLS: true } : {}),
    ...(needsTls(settings) ? { requireTLS: true } : {}),
    // Nobody sits between a machine and itself, and what listens there mostly has a certificate that it made on its own.
    tls: tlsCa === undefined ? { rejectUnauthorized: !isLoopback(hostname) } : { ca: tlsCa },
  }
}

function closePool(pool: Transporter): void {
  // Without force, a delivery that hangs would be waited for.
  const transport: unknown = pool.transporter
  if (typeof transport === 'object' && transport !== null && 'close' in transport && typeof transport.close === 'function')
    transport.close({ force: true })
  else pool.close()
}

/** Line breaks cannot get into a header: nodemailer folds and encodes each, and ours are printable besides. */
function messageOf({ to, subject, text, html, messageId, thread, incident }: SmtpMail, from: string) {
  return {
    from,
    to: { name: '', address: to },
    subject,
    text,
    ...(html === null ? {} : { html }),
    messageId,
    ...(thread === null ? {} : { inReplyTo: thread, references: thread }),
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Procwarden-Incident': incident ?? 'none' },
  }
}
