/** Owns the remediator's configuration: the schema of config/remediator.yml, its defaults, and what comes from flags and environment. */
import { readFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { z } from 'zod'
import { loadConfigFile } from '../lib/config-file.ts'
import { UsageError, messageOf } from '../lib/errors.ts'
import type { ListenAddress } from '../lib/http.ts'
import { parseMatcher } from './matcher.ts'
import { ACTIONS, MODES, type Mode } from './model.ts'

const MatcherText = z.string().superRefine((text, context) => {
  try {
    parseMatcher(text)
  } catch (error) {
    context.addIssue({ code: 'custom', message: messageOf(error) })
  }
})

const Cooldown = z
  .strictObject({
    max: z.number().int().min(1).max(1_000).default(5),
    window_seconds: z.number().min(1).max(86_400).default(60),
    duration_seconds: z.number().min(1).max(604_800).default(120),
  })
  .prefault({})

const Policy = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'a policy name is small letters, digits and hyphens'),
  match: z.array(MatcherText).min(1),
  action: z.enum(ACTIONS),
  /** Narrower than the global mode; never wider. */
  mode: z.enum(MODES).optional(),
  grace_seconds: z.number().min(0).max(300).default(5),
  attempts: z.number().int().min(1).max(10).default(3),
  cooldown: Cooldown,
})
export type Policy = z.infer<typeof Policy>

const DEFAULT_POLICIES: Array<z.input<typeof Policy>> = [
  { name: 'kill-runaway', match: ['remediate="kill"'], action: 'kill' },
  { name: 'tell-a-person', match: ['remediate=~".+"'], action: 'notify' },
]

const Mail = z.strictObject({
  /** smtp://user:password@host:587 or smtps://host:465. */
  smtp_url: z.string().optional(),
  smtp_url_file: z.string().optional(),
  from: z.string().optional(),
  to: z.array(z.string()).default([]),
  max_per_hour: z.number().int().min(1).max(10_000).default(60),
})

export const RemediatorConfig = z.strictObject({
  mode: z.enum(MODES).default('observe'),
  host: z.strictObject({ instances: z.array(z.string()).default([]) }).prefault({}),
  prometheus: z.strictObject({ url: z.url().optional() }).prefault({}),
  policies: z
    .array(Policy)
    .prefault(DEFAULT_POLICIES)
    .superRefine((policies, context) => {
      const seen = new Set<string>()
      for (const [index, policy] of policies.entries()) {
        if (seen.has(policy.name))
          context.addIssue({ code: 'custom', path: [index, 'name'], message: `a second policy is named "${policy.name}"` })
        seen.add(policy.name)
      }
    }),
  /** Programs that are never touched, besides the built-in list that cannot be switched off. */
  deny: z.strictObject({ groups: z.array(z.string()).default([]) }).prefault({}),
  /** When not empty, only these programs may be touched. */
  allow: z.strictObject({ groups: z.array(z.string()).default([]) }).prefault({}),
  approval: z.strictObject({ expire_seconds: z.number().min(10).max(604_800).default(900) }).prefault({}),
  mail: Mail.prefault({}),
})
export type RemediatorConfig = z.infer<typeof RemediatorConfig>

/** What the command line gives; anything set here wins over the file. */
export interface RemediatorOptions {
  readonly configFile?: string | undefined
  readonly stateDir: string
  readonly address: ListenAddress
  readonly mode?: Mode | undefined
  readonly prometheusUrl?: string | undefined
  readonly tokenFile?: string | undefined
  /** TLS, basic authentication and headers; plain HTTP, with the token alone, without it. */
  readonly webConfigFile?: string | undefined
  readonly hostInstances?: readonly string[]
  /** Process trees that are never touched: the supervisor that started the whole stack. */
  readonly neverTrees?: readonly number[]
  readonly procfs?: string
}

export interface MailSettings {
  readonly smtpUrl: string
  readonly from: string
  readonly to: readonly string[]
  readonly maxPerHour: number
}

export interface RemediatorSettings {
  readonly config: RemediatorConfig
  /** Undefined when no server and recipient are configured. */
  readonly mail: MailSettings | undefined
}

/** File, then environment, then flags. Throws UsageError with every fault. */
export function loadSettings(options: RemediatorOptions, environment: NodeJS.ProcessEnv = process.env): RemediatorSettings {
  const file = loadConfigFile(RemediatorConfig, options.configFile)
  const config: RemediatorConfig = {
    ...file,
    mode: options.mode ?? file.mode,
    host: { instances: [...file.host.instances, ...(options.hostInstances ?? [])] },
    prometheus: { url: options.prometheusUrl ?? file.prometheus.url },
  }
  return { config, mail: mailSettings(config.mail, environment, options.configFile) }
}

function mailSettings(
  mail: RemediatorConfig['mail'],
  environment: NodeJS.ProcessEnv,
  configFile: string | undefined,
): MailSettings | undefined {
  const smtpUrl = environment['PROCWARDEN_SMTP_URL'] ?? mail.smtp_url ?? readSecret(mail.smtp_url_file, configFile)
  const to =
    environment['PROCWARDEN_MAIL_TO']
      ?.split(',')
      .map((address) => address.trim())
      .filter((address) => address !== '') ?? mail.to
  if (smtpUrl === undefined && to.length === 0) return undefined
  if (smtpUrl === undefined)
    throw new UsageError('mail has recipients but no server: set mail.smtp_url, mail.smtp_url_file or PROCWARDEN_SMTP_URL')
  if (to.length === 0) throw new UsageError('mail has a server but no recipient: set mail.to or PROCWARDEN_MAIL_TO')
  // The address itself may hold a password, so it is never part of the message.
  if (!URL.canParse(smtpUrl) || !/^smtps?:$/.test(new URL(smtpUrl).protocol))
    throw new UsageError('the mail server is not an address of the form smtp://HOST:PORT or smtps://HOST:PORT')
  return {
    smtpUrl,
    to,
    from: environment['PROCWARDEN_MAIL_FROM'] ?? mail.from ?? `procwarden@${os.hostname()}`,
    maxPerHour: mail.max_per_hour,
  }
}

function readSecret(file: string | undefined, configFile: string | undefined): string | undefined {
  if (file === undefined) return undefined
  const resolved = path.resolve(configFile === undefined ? '.' : path.dirname(configFile), file)
  try {
    return readFileSync(resolved, 'utf8').trim()
  } catch (error) {
    throw new UsageError(`cannot read mail.smtp_url_file ${resolved}: ${messageOf(error)}`, error)
  }
}
