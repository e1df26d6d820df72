/** Owns turning the `mail` keys, the files they name and the environment into what the mailer needs. Says every fault at once, and no secret. */
import { readFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { UsageError, messageOf } from '../../lib/errors.ts'
import { isLoopback } from '../../lib/http.ts'
import type { EventName } from './events.ts'
import { MailAddress, SenderAddress } from './mail-address.ts'
import type { Mail } from './mail-config.ts'

export interface MailRoute {
  readonly severity?: readonly string[] | undefined
  readonly policy?: readonly string[] | undefined
  readonly events?: readonly EventName[] | undefined
  readonly to: readonly string[]
}

export interface MailSettings {
  /** With user and password, when there are some. Never to be shown. */
  readonly smtpUrl: string
  readonly tls: Mail['tls']
  /** PEM. */
  readonly tlsCa: string | undefined
  readonly from: string
  readonly to: readonly string[]
  readonly escalationTo: readonly string[]
  readonly routes: readonly MailRoute[]
  readonly events: Readonly<Record<string, boolean>>
  readonly maxPerHour: number
  readonly maxPerHourPerRecipient: number
  readonly digestMs: number
  readonly retryMs: number
  readonly escalationRepeatMs: number
}

/** Undefined when neither a server nor a recipient is given. Throws UsageError with all faults. */
export function mailSettings(mail: Mail, environment: NodeJS.ProcessEnv, configFile: string | undefined): MailSettings | undefined {
  const faults: string[] = []
  const secret = (key: string, file: string | undefined): string | undefined => readSecret(key, file, configFile, faults)
  const smtpUrl = environment['PROCWARDEN_SMTP_URL'] ?? mail.smtp_url ?? secret('smtp_url_file', mail.smtp_url_file) ?? urlOf(mail)
  const password = environment['PROCWARDEN_SMTP_PASSWORD'] ?? mail.password ?? secret('password_file', mail.password_file)
  const to = listOf(environment['PROCWARDEN_MAIL_TO']) ?? mail.to
  const from = environment['PROCWARDEN_MAIL_FROM'] ?? mail.from ?? defaultSender()
  const tlsCa = secret('tls_ca_file', mail.tls_ca_file)
  if (environment['PROCWARDEN_MAIL_TO'] !== undefined)
    for (const address of to)
      if (!MailAddress.safeParse(address).success) faults.push(`PROCWARDEN_MAIL_TO: "${address}" is not a mail address: write NAME@HOST`)
  if (!SenderAddress.safeParse(from).success) faults.push(`PROCWARDEN_MAIL_FROM: "${from}" is not a mail address: write NAME@HOST`)
  const hasRecipient = to.length + mail.routes.length + mail.escalation_to.length > 0
  if (smtpUrl === undefined && hasRecipient)
    faults.push('mail has recipients but no server: set mail.smtp_url, mail.smtp_url_file, mail.host or PROCWARDEN_SMTP_URL')
  if (smtpUrl !== undefined && !hasRecipient) faults.push('mail has a server but no recipient: set mail.to or PROCWARDEN_MAIL_TO')
  const url = smtpUrl === undefined ? undefined : completeUrl(smtpUrl, mail, password, faults)
  if (faults.length > 0) throw new UsageError(faults.join('\n'))
  if (url === undefined) return undefined
  return {
    smtpUrl: url,
    tls: mail.tls,
    tlsCa,
    from,
    to,
    escalationTo: mail.escalation_to.length > 0 ? mail.escalation_to : to.length > 0 ? to : mail.routes.flatMap((route) => route.to),
    routes: mail.routes,
    events: mail.events,
    maxPerHour: mail.max_per_hour,
    maxPerHourPerRecipient: mail.max_per_hour_per_recipient,
    digestMs: mail.digest_seconds * 1000,
    retryMs: mail.retry_days * 86_400_000,
    escalationRepeatMs: mail.escalation_repeat_seconds * 1000,
  }
}

function listOf(text: string | undefined): string[] | undefined {
  return text
    ?.split(',')
    .map((address) => address.trim())
    .filter((address) => address !== '')
}

/** A host may be called anything; what is no host name in an address is left out. */
function defaultSender(): string {
  const host = os
    .hostname()
    .replaceAll(/[^A-Za-z0-9.-]/g, '')
    .replaceAll(/^[.-]+|[.-]+$/g, '')
  return `procwarden@${host === '' ? 'localhost' : host}`
}

function urlOf({ host, port, tls }: Mail): string | undefined {
  if (host === undefined) return undefined
  const authority = host.includes(':') ? `[${host}]` : host
  return tls === 'tls' ? `smtps://${authority}:${port ?? 465}` : `smtp://${authority}:${port ?? 587}`
}

/** The address itself may hold a password, so it is never part of a message. */
function completeUrl(text: string, { user }: Mail, password: string | undefined, faults: string[]): string | undefined {
  if (!URL.canParse(text) || !/^smtps?:$/.test(new URL(text).protocol) || new URL(text).hostname === '') {
    faults.push('the mail server is not an address of the form smtp://HOST:PORT or smtps://HOST:PORT')
    return undefined
  }
  const url = new URL(text)
  if (user !== undefined) url.username = encodeURIComponent(user)
  if (password !== undefined) url.password = encodeURIComponent(password)
  if (url.password !== '' && url.username === '') faults.push('mail has a password but no user: set mail.user')
  if (url.username !== '' && url.password === '')
    faults.push('mail has a user but no password: set mail.password_file or PROCWARDEN_SMTP_PASSWORD')
  return user === undefined && password === undefined ? text : url.toString()
}

function readSecret(key: string, file: string | undefined, configFile: string | undefined, faults: string[]): string | undefined {
  if (file === undefined) return undefined
  const resolved = path.resolve(configFile === undefined ? '.' : path.dirname(configFile), file)
  try {
    const text = readFileSync(resolved, 'utf8').trim()
    if (text === '') faults.push(`mail.${key} ${resolved} is empty`)
    return text
  } catch (error) {
    faults.push(`cannot read mail.${key} ${resolved}: ${messageOf(error)}`)
    return undefined
  }
}

/** Whether a password would cross a network: then it goes through TLS or not at all, unless that was ruled out. */
export function needsTls({ smtpUrl, tls }: Pick<MailSettings, 'smtpUrl' | 'tls'>): boolean {
  const { hostname, password } = new URL(smtpUrl)
  return tls === 'starttls' || (tls === 'auto' && password !== '' && !isLoopback(hostname))
}
