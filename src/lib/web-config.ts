/**
 * Owns the file of --web.config.file: TLS, basic authentication and headers, in the format of Prometheus' exporter-toolkit
 * (https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md). Never serves anything.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { createSecureContext, type SecureContextOptions, type SecureVersion } from 'node:tls'
import { z } from 'zod'
import { parseConfig } from './config-file.ts'
import { UsageError, errnoOf, messageOf } from './errors.ts'

export const CLIENT_AUTH_TYPES = [
  'NoClientCert',
  'RequestClientCert',
  'RequireAnyClientCert',
  'VerifyClientCertIfGiven',
  'RequireAndVerifyClientCert',
] as const
export type ClientAuthType = (typeof CLIENT_AUTH_TYPES)[number]

export interface WebTls {
  readonly context: SecureContextOptions
  readonly clientAuthType: ClientAuthType
  /** A client's certificate must carry one of these names; undefined allows any. */
  readonly clientAllowedSans: ReadonlySet<string> | undefined
}

export interface WebConfig {
  readonly tls: WebTls | undefined
  /** Bcrypt hashes by user name; empty lets everyone in. */
  readonly users: ReadonlyMap<string, string>
  readonly headers: ReadonlyMap<string, string>
  /** Every file it was read from, as absolute paths: when one changes, it is due to be read again. */
  readonly files: readonly string[]
}

const VERSIONS: Readonly<Record<'TLS10' | 'TLS11' | 'TLS12' | 'TLS13', SecureVersion>> = {
  TLS10: 'TLSv1',
  TLS11: 'TLSv1.1',
  TLS12: 'TLSv1.2',
  TLS13: 'TLSv1.3',
}
const VERSION_NAMES = ['TLS10', 'TLS11', 'TLS12', 'TLS13'] as const
const FILE_BYTES_MAX = 1024 * 1024
const USERS_MAX = 100
/** A comparison doubles with each step; at 15 it takes two seconds, which a stranger may make us spend. */
const BCRYPT_COST_MAX = 15
const BCRYPT_HASH = /^\$2[aby]\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$/

/** Reads the file and all that it names. Throws UsageError with every fault and its line. */
export function readWebConfig(file: string): WebConfig {
  const absolute = path.resolve(file)
  return parseWebConfig(readText(absolute), absolute)
}

/** As readWebConfig, from text already read. Files named in it are looked for beside `file`. */
export function parseWebConfig(text: string, file: string): WebConfig {
  const files = [file]
  const config = parseConfig(webConfigSchema(path.dirname(file), files), text, file)
  return {
    tls: config.tls_server_config,
    users: new Map(Object.entries(config.basic_auth_users)),
    headers: new Map(Object.entries(config.http_server_config.headers)),
    files,
  }
}

function webConfigSchema(folder: string, files: string[]) {
  return z.strictObject({
    tls_server_config: tlsSchema(folder, files).optional(),
    basic_auth_users: z
      .record(userName, bcryptHash)
      .refine((users) => Object.keys(users).length <= USERS_MAX, `at most ${USERS_MAX} users`)
      .default({}),
    http_server_config: z
      .strictObject({
        // Only HTTP/1.1 is spoken, which either value allows.
        http2: z.boolean().optional(),
        headers: headersSchema.prefault({}),
      })
      .prefault({}),
  })
}

const userName = z
  .string()
  .min(1)
  .max(256)
  .refine((name) => !name.includes(':'), 'a user name cannot hold a colon')
const bcryptHash = z
  .string()
  .regex(BCRYPT_HASH, "not a bcrypt hash; make one with: htpasswd -nBC 10 '' | tr -d ':\\n'")
  .refine(
    (hash) => !(Number(hash.slice(4, 6)) > BCRYPT_COST_MAX),
    `a cost above ${BCRYPT_COST_MAX} takes seconds for each try; 10 is usual`,
  )

const headerValue = z
  .string()
  .max(4096)
  .regex(/^[\t\u0020-\u007e]*$/, 'only printable ASCII can stand in a header')
const headersSchema = z
  .strictObject({
    'Content-Security-Policy': headerValue,
    'X-Frame-Options': headerValue.regex(/^(deny|sameorigin)?$/i, 'write deny or sameorigin'),
    'X-Content-Type-Options': headerValue.regex(/^(nosniff)?$/i, 'write nosniff'),
    'X-XSS-Protection': headerValue,
    'Strict-Transport-Security': headerValue,
  })
  .partial()
  .transform((headers) => Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== '')))

function tlsSchema(folder: string, files: string[]) {
  const content = fileSchema(folder, files)
  return z
    .strictObject({
      cert_file: content,
      key_file: content,
      client_auth_type: z.enum(CLIENT_AUTH_TYPES).default('NoClientCert'),
      client_ca_file: content.optional(),
      client_allowed_sans: z.array(z.string().min(1).max(1024)).max(1000).optional(),
      min_version: z.enum(VERSION_NAMES).default('TLS12'),
      max_version: z.enum(VERSION_NAMES).default('TLS13'),
    })
    .superRefine(clientAuthFaults)
    .transform((tls, context): WebTls => {
      const options: SecureContextOptions = {
        cert: tls.cert_file,
        key: tls.key_file,
        minVersion: VERSIONS[tls.min_version],
        maxVersion: VERSIONS[tls.max_version],
        ...(tls.client_ca_file === undefined ? {} : { ca: tls.client_ca_file }),
      }
      try {
        createSecureContext(options)
      } catch (error) {
        context.addIssue({ code: 'custom', path: ['cert_file'], message: `not usable with its key (and client CA): ${messageOf(error)}` })
        return z.NEVER
      }
      const sans = tls.client_allowed_sans
      return { context: options, clientAuthType: tls.client_auth_type, clientAllowedSans: sans && new Set(sans) }
    })
}

interface ClientAuth {
  readonly client_auth_type: ClientAuthType
  readonly client_ca_file?: string | undefined
  readonly client_allowed_sans?: readonly string[] | undefined
}

/** What would look like protection and be none. */
function clientAuthFaults(tls: ClientAuth, context: z.RefinementCtx): void {
  const fault = (key: string, message: string): void => context.addIssue({ code: 'custom', path: [key], message })
  const verifies = tls.client_auth_type === 'VerifyClientCertIfGiven' || tls.client_auth_type === 'RequireAndVerifyClientCert'
  if (verifies && tls.client_ca_file === undefined) fault('client_auth_type', 'client_ca_file is needed to verify clients with')
  if (!verifies && tls.client_ca_file !== undefined) fault('client_ca_file', `${tls.client_auth_type} does not verify clients`)
  if (!verifies && tls.client_allowed_sans !== undefined) fault('client_allowed_sans', `${tls.client_auth_type} does not verify clients`)
}

/** The path of a file, beside the configuration unless absolute, as its content. */
function fileSchema(folder: string, files: string[]) {
  return z
    .string()
    .min(1)
    .max(4096)
    .transform((name, context) => {
      const file = path.resolve(folder, name)
      files.push(file)
      try {
        return readText(file)
      } catch (error) {
        context.addIssue({ code: 'custom', message: messageOf(error) })
        return z.NEVER
      }
    })
}

function readText(file: string): string {
  try {
    const text = readFileSync(file, 'utf8')
    if (text.length <= FILE_BYTES_MAX) return text
  } catch (error) {
    const why = errnoOf(error) === 'ENOENT' ? 'there is no such file' : messageOf(error)
    throw new UsageError(`cannot read ${file}: ${why}`, error)
  }
  throw new UsageError(`cannot read ${file}: it is larger than ${FILE_BYTES_MAX} bytes`)
}
