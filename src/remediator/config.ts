/** Owns the remediator's configuration: the schema of config/remediator.yml, its defaults, and what comes from flags and environment. */
import path from 'node:path'
import { z } from 'zod'
import { loadConfigFile } from '../lib/config-file.ts'
import type { ListenAddress } from '../lib/http.ts'
import { PeerSettings, createPeer, type Peer } from '../lib/peer.ts'
import { advisorSettings } from './advisor/advisor-settings.ts'
import { AdvisorConfig, type AdvisorSettings } from './advisor/config.ts'
import { ChecksConfig } from './checks/config.ts'
import { MODES, type Mode } from './model.ts'
import { Desktop, Mail } from './notify/mail-config.ts'
import { mailSettings, type MailSettings } from './notify/mail-settings.ts'
import { DEFAULT_POLICIES } from './policies/defaults.ts'
import { MaintenanceWindow } from './policies/maintenance.ts'
import { Cap, PolicyList, RISKS } from './policies/policy.ts'

export const SCOPES = ['receive', 'read', 'act'] as const

const LinkBaseUrl = z.url({ protocol: /^https?$/, error: 'is not an address of the form https://HOST/' }).refine((text) => {
  const { username, password, search, hash } = new URL(text)
  return username === '' && password === '' && search === '' && hash === ''
}, 'is an address without user, query and fragment')

export const RemediatorConfig = z
  .strictObject({
    mode: z.enum(MODES).default('observe'),
    host: z.strictObject({ instances: z.array(z.string()).default([]) }).prefault({}),
    prometheus: PeerSettings.prefault({}),
    /** Where it is asked who created files lately, for diagnoses; and whose own pages are checked. */
    exporter: z.strictObject({ url: z.url().optional() }).prefault({}),
    /** Where active alerts are read from once a minute. */
    alertmanager: PeerSettings.prefault({}),
    policies: PolicyList.prefault(DEFAULT_POLICIES),
    /** Synthetic checks. */
    checks: ChecksConfig.prefault({}),
    /** Whom to ask when no attempt has helped. */
    advisor: AdvisorConfig.prefault({}),
    /** For all policies together: how much may be done to this machine. */
    caps: z.strictObject({ host: Cap.prefault({ max: 60, window_seconds: 600 }) }).prefault({}),
    /** When nothing is done under any policy. */
    maintenance: z.array(MaintenanceWindow).max(32).default([]),
    /** Programs that are never touched, besides the built-in list that cannot be switched off. */
    deny: z.strictObject({ groups: z.array(z.string()).default([]) }).prefault({}),
    /** When not empty, only these programs may be touched. */
    allow: z.strictObject({ groups: z.array(z.string()).default([]) }).prefault({}),
    approval: z
      .strictObject({
        expire_seconds: z.number().min(10).max(604_800).default(900),
        /** In mode auto, a policy of a greater risk asks a person. */
        auto_risk_max: z.enum(RISKS).default('high'),
        /** Where people reach this remediator: mails then carry links to approve or deny. Left out, they carry none. */
        link_base_url: LinkBaseUrl.optional(),
      })
      .prefault({}),
    snapshot: z.strictObject({ retention_days: z.number().min(1).max(3_650).default(30) }).prefault({}),
    retention: z.strictObject({ incidents_days: z.number().int().min(1).max(3_650).default(90) }).prefault({}),
    web: z
      .strictObject({
        /** What the webhook's token may do. */
        webhook_token_scopes: z.array(z.enum(SCOPES)).default([...SCOPES]),
        client_certificates: z.array(z.strictObject({ name: z.string().min(1), scopes: z.array(z.enum(SCOPES)).min(1) })).default([]),
      })
      .prefault({}),
    mail: Mail.prefault({}),
    desktop: Desktop.prefault({}),
  })
  .superRefine(({ policies, checks }, context) => {
    const names = new Set(checks.suite.map((check) => check.name))
    for (const [index, policy] of policies.entries())
      for (const [at, verification] of policy.verify.entries())
        if (verification.kind === 'check' && verification.name !== undefined && !names.has(verification.name))
          context.addIssue({
            code: 'custom',
            path: ['policies', index, 'verify', at, 'name'],
            message: `no check is named "${verification.name}": checks.suite has ${[...names].join(', ') || 'none'}`,
          })
  })
  .superRefine(({ mail, policies }, context) => {
    const known = new Set(policies.map(({ name }) => name))
    for (const [index, { policy = [] }] of mail.routes.entries())
      for (const name of policy)
        if (!known.has(name))
          context.addIssue({ code: 'custom', path: ['mail', 'routes', index, 'policy'], message: `there is no policy "${name}"` })
  })
export type RemediatorConfig = z.infer<typeof RemediatorConfig>

/** What the command line gives; anything set here wins over the file. */
export interface RemediatorOptions {
  readonly configFile?: string | undefined
  readonly stateDir: string
  readonly address: ListenAddress
  readonly mode?: Mode | undefined
  readonly alertmanagerUrl?: string | undefined
  readonly prometheusUrl?: string | undefined
  readonly exporterUrl?: string | undefined
  readonly readTokenFile?: string | undefined
  readonly actTokenFile?: string | undefined
  readonly tokenFile?: string | undefined
  /** TLS, basic authentication and headers; plain HTTP, with the token alone, without it. */
  readonly webConfigFile?: string | undefined
  readonly hostInstances?: readonly string[]
  /** Process trees that are never touched: the supervisor that started the whole stack. */
  readonly neverTrees?: readonly number[]
  readonly procfs?: string
}

export interface RemediatorSettings {
  readonly config: RemediatorConfig
  /** Undefined when no server and recipient are configured. */
  readonly mail: MailSettings | undefined
  /** Undefined where no address is configured. */
  readonly peers: { readonly prometheus: Peer | undefined; readonly alertmanager: Peer | undefined }
  /** Undefined when none is configured. */
  readonly advisor: AdvisorSettings | undefined
  /** What a user's script inherits. */
  readonly commandEnvironment: Readonly<Record<string, string>>
}

/** File, then environment, then flags. Throws UsageError with every fault. */
export function loadSettings(options: RemediatorOptions, environment: NodeJS.ProcessEnv = process.env): RemediatorSettings {
  const file = loadConfigFile(RemediatorConfig, options.configFile)
  const config: RemediatorConfig = {
    ...file,
    mode: options.mode ?? file.mode,
    host: { instances: [...file.host.instances, ...(options.hostInstances ?? [])] },
    prometheus: { ...file.prometheus, url: options.prometheusUrl ?? file.prometheus.url },
    exporter: { url: options.exporterUrl ?? file.exporter.url },
    alertmanager: { ...file.alertmanager, url: options.alertmanagerUrl ?? file.alertmanager.url },
  }
  const folder = options.configFile === undefined ? '.' : path.dirname(options.configFile)
  return {
    config,
    peers: {
      prometheus: createPeer(config.prometheus, folder, 'prometheus'),
      alertmanager: createPeer(config.alertmanager, folder, 'alertmanager'),
    },
    mail: mailSettings(config.mail, environment, options.configFile),
    advisor: advisorSettings(config.advisor, environment, options.configFile),
    commandEnvironment: commandEnvironment(environment),
  }
}

/** What a program needs to run as a person would run it; never ours (PROCWARDEN_SMTP_URL holds a password). */
const INHERITED =
  /^(?:PATH|HOME|USER|LOGNAME|SHELL|TZ|TMPDIR|LANG|LANGUAGE|LC_[A-Z]+|XDG_RUNTIME_DIR|DBUS_SESSION_BUS_ADDRESS|PM2_HOME|DOCKER_HOST)$/
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

function commandEnvironment(environment: NodeJS.ProcessEnv): Record<string, string> {
  const inherited = Object.entries(environment).flatMap(([name, value]) =>
    INHERITED.test(name) && value !== undefined ? [[name, value]] : [],
  )
  return { PATH: DEFAULT_PATH, ...Object.fromEntries(inherited) }
}
