/** Owns the schema of the keys `mail` and `desktop` in the remediator's configuration. Reads no file and no environment. */
import { z } from 'zod'
import { EVENTS } from './events.ts'
import { MailAddress, SenderAddress } from './mail-address.ts'

export const TLS_MODES = ['auto', 'starttls', 'tls', 'none'] as const
const SEVERITIES = z.array(z.string().min(1).max(100)).min(1)

/** Every event is on unless it is switched off. */
const Events = z.strictObject(Object.fromEntries(EVENTS.map((name) => [name, z.boolean().default(true)]))).prefault({})

const Route = z
  .strictObject({
    /** All that are given must fit; a list fits when one of it does. */
    severity: SEVERITIES.optional(),
    policy: z.array(z.string().min(1)).min(1).optional(),
    events: z.array(z.enum(EVENTS)).min(1).optional(),
    to: z.array(MailAddress).min(1).max(100),
  })
  .refine(({ severity, policy, events }) => severity !== undefined || policy !== undefined || events !== undefined, {
    error: 'a route says for which severity, policy or events it is; what is for everything belongs into mail.to',
  })

export const Mail = z
  .strictObject({
    /** smtp://user:password@host:587 or smtps://host:465. */
    smtp_url: z.string().optional(),
    smtp_url_file: z.string().optional(),
    /** Instead of an address in one piece. */
    host: z.string().min(1).max(253).optional(),
    port: z.number().int().min(1).max(65_535).optional(),
    user: z.string().min(1).max(320).optional(),
    password: z.string().min(1).optional(),
    password_file: z.string().min(1).optional(),
    /** auto: STARTTLS when offered, and needed where a password would cross a network. */
    tls: z.enum(TLS_MODES).default('auto'),
    /** Certificates (PEM) that the server's must be signed by, instead of the usual ones. */
    tls_ca_file: z.string().min(1).optional(),
    from: SenderAddress.optional(),
    to: z.array(MailAddress).max(100).default([]),
    /** Who is called when nothing helped; left out, `to`. */
    escalation_to: z.array(MailAddress).max(100).default([]),
    routes: z.array(Route).max(100).default([]),
    events: Events,
    /** All mails together, and those to one recipient; what is more becomes one digest. Calls for a person are exempt. */
    max_per_hour: z.number().int().min(1).max(10_000).default(60),
    max_per_hour_per_recipient: z.number().int().min(1).max(10_000).default(20),
    /** How long mails that are held back are collected before the digest goes. */
    digest_seconds: z.number().min(1).max(3_600).default(60),
    /** For how long a mail is tried again. */
    retry_days: z.number().min(0.1).max(30).default(7),
    /** How often a call for a person is repeated until somebody acknowledges it. */
    escalation_repeat_seconds: z.number().min(60).max(604_800).default(3_600),
  })
  .superRefine((mail, context) => {
    const add = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message, input: mail })
    const { smtp_url: url, smtp_url_file: urlFile, host, password, password_file: passwordFile } = mail
    if (url !== undefined && urlFile !== undefined) add('smtp_url_file', 'give either smtp_url or smtp_url_file, not both')
    if (host !== undefined && (url !== undefined || urlFile !== undefined)) add('host', 'give either smtp_url or host, not both')
    if (password !== undefined && passwordFile !== undefined) add('password_file', 'give either password or password_file, not both')
    if (host === undefined && mail.port !== undefined) add('port', 'a port needs a host')
    if (mail.tls === 'none' && mail.tls_ca_file !== undefined) add('tls_ca_file', 'without TLS there is no certificate to check')
  })
export type Mail = z.infer<typeof Mail>

export const Desktop = z.strictObject({
  enabled: z.boolean().default(false),
  /** Names of users; when empty, everybody who is logged in to a desktop. */
  users: z
    .array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,31}\$?$/, 'is not the name of a user'))
    .max(100)
    .default([]),
  severity: SEVERITIES.default(['critical']),
  events: Events,
})
export type Desktop = z.infer<typeof Desktop>
