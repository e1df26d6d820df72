/** Owns what a failure to send means: is it this mail, or the server altogether? And in words: what went wrong and where to look. */
import { OperationalError, errnoOf, messageOf } from '../../lib/errors.ts'

export interface SmtpFailure {
  /** mail: the server answered, and does not take this one, or not now. server: nothing can be sent at the moment. */
  readonly of: 'mail' | 'server'
  /** The server was there and took too long; it may do so with this mail only. */
  readonly isTooSlow: boolean
  /** The server's own words or the system's, without secrets, in one line. */
  readonly what: string
  /** For a person: where to look. */
  readonly advice: string
}

const WORDS_MAX = 500

export function smtpFailure(error: unknown, smtpUrl: string): SmtpFailure {
  const what = withoutSecrets(messageOf(error), smtpUrl).slice(0, WORDS_MAX)
  const code = errnoOf(error)
  const answer = responseCodeOf(error)
  // 421: the server closes the connection, whatever was asked of it (RFC 5321, 3.8).
  const isOfMail = answer !== undefined && answer !== 421 && code !== 'EAUTH'
  return { of: isOfMail ? 'mail' : 'server', isTooSlow: isTooSlow(error), what, advice: adviceOn(code, answer, what, new URL(smtpUrl)) }
}

function adviceOn(code: string | undefined, answer: number | undefined, what: string, { hostname, port, protocol }: URL): string {
  const where = `${hostname}:${port === '' ? (protocol === 'smtps:' ? '465' : '25') : port}`
  if (code === 'EAUTH')
    return 'The server does not accept user and password: look at mail.user and mail.password_file, or the address in mail.smtp_url.'
  if (code === 'ETLS' || /certificate|self-signed|SSL|TLS/i.test(what))
    return 'The connection could not be encrypted as wanted: look at mail.tls (auto, starttls, tls, none); for a certificate of your own, name its issuer with mail.tls_ca_file.'
  if (/ECONNREFUSED/.test(what)) return `Nothing listens on ${where}: look at the host and the port, and whether the server runs.`
  if (code === 'EDNS' || /ENOTFOUND|EAI_AGAIN/.test(what))
    return `The name ${hostname} is not known: look at how it is written, and at the machine's DNS.`
  if (code === 'ETIMEDOUT' || /timeout|timed out/i.test(what))
    return `${where} does not answer in time: look at the port (587 and 25 begin in the clear, 465 with TLS: smtps://), and at firewalls in between.`
  if (answer !== undefined && answer >= 500)
    return 'The server does not take it at all: its own words say why; most often the sender (mail.from) or a recipient is not allowed.'
  if (answer !== undefined) return 'The server does not take it now, as greylisting does; it is tried again.'
  return `The connection to ${where} broke: look at the server's log.`
}

function responseCodeOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('responseCode' in error)) return undefined
  return typeof error.responseCode === 'number' ? error.responseCode : undefined
}

/** Silence on a connection that was made (nodemailer's own), or the end of the time for a whole mail (the transport's). */
function isTooSlow(error: unknown): boolean {
  if (error instanceof OperationalError) return error.reason === 'timed_out'
  return error instanceof Error && 'timeoutType' in error && error.timeoutType === 'SOCKET_TIMEOUT'
}

/** Some servers echo the user name or the password in their refusal, some as they were sent. */
export function withoutSecrets(text: string, smtpUrl: string): string {
  const url = new URL(smtpUrl)
  const [user, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)]
  const base64 = (secret: string): string => Buffer.from(secret).toString('base64')
  const secrets = [url.password, password, url.username, user, base64(password), base64(user), base64(`\u0000${user}\u0000${password}`)]
  return secrets.filter((secret) => secret.length > 2).reduce((masked, secret) => masked.replaceAll(secret, '<secret>'), text)
}
