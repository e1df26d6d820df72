/** Owns what the remediator's web side is given: the API and the console see the configuration that is in force, whenever they look. */
import type { Express } from 'express'
import type { Clock } from '../lib/clock.ts'
import { createProcfs } from '../lib/linux/proc-process.ts'
import type { Logger } from '../lib/log.ts'
import { readVersion } from '../lib/version.ts'
import type { AuthenticateOptions } from './api/authenticate.ts'
import type { ApiContext } from './api/context.ts'
import { createApp } from './app.ts'
import type { Assembled } from './assemble.ts'
import type { RemediatorOptions, RemediatorSettings } from './config.ts'
import { createConsole, type Console } from './console/console.ts'
import { SignInLinks } from './console/sign-in-links.ts'
import type { RemediatorMetrics } from './metrics.ts'
import type { Store } from './open-store.ts'

/** What the configuration decides; replaced as a whole by a reload. */
export interface Configured {
  readonly settings: RemediatorSettings
  readonly assembled: Assembled
  readonly authentication: AuthenticateOptions
}

export interface WebParts {
  readonly store: Store
  readonly metrics: RemediatorMetrics
  readonly options: RemediatorOptions
  readonly log: Logger
  readonly clock: Clock
  readonly isLeading: () => boolean
  readonly configured: () => Configured
  readonly reload: () => Promise<void>
  /** There is something new to work on. */
  readonly onWork: () => void
}

export function createWeb(parts: WebParts): { readonly app: Express; readonly console: Console } {
  const { store, metrics, options, log, configured, reload } = parts
  const context = apiContext(parts)
  const pages = createConsole({
    ...context,
    log,
    procfs: createProcfs(parts.clock, options.procfs),
    stateDir: options.stateDir,
    policies: () => configured().assembled.policiesInForce(),
    lists: () => {
      const { deny, allow } = configured().settings.config
      return { deny: deny.groups, allow: allow.groups }
    },
    prometheus: () => configured().settings.peers.prometheus,
    thaw: (id, by) => configured().assembled.thaw(id, by),
  })
  const app = createApp({
    address: options.address,
    version: readVersion(),
    log,
    metrics,
    authentication: () => configured().authentication,
    reload,
    ownNames: () => namesIn(configured().settings.config.approval.link_base_url),
    linkSecret: () => configured().assembled.linkSecret,
    notReady: () => (store.isReplaced() ? 'another start has replaced the store' : undefined),
    context,
    console: pages,
  })
  return { app, console: pages }
}

/** Where people reach it through a proxy, its name is another than that of the machine. */
function namesIn(baseUrl: string | undefined): string[] {
  return baseUrl === undefined ? [] : [new URL(baseUrl).hostname]
}

function apiContext({ store, clock, isLeading, configured, onWork }: WebParts): ApiContext {
  const version = readVersion()
  const startedAt = new Date(clock.nowMs()).toISOString()
  return {
    database: store.database,
    journal: store.journal,
    clock,
    links: new SignInLinks(() => performance.now()),
    about: () => ({
      version,
      startedAt,
      mode: configured().settings.config.mode,
      isLeader: isLeading(),
      auditIntactAtStart: store.auditIsIntact,
      boot: clock.boot(),
      nowMs: clock.nowMs(),
      checks: configured().assembled.checks.states(),
    }),
    authentication: () => configured().authentication,
    rollback: (id, by, only) => configured().assembled.rollback(id, by, only),
    checks: () => configured().assembled.checks,
    advisor: () => configured().assembled.advisor,
    onWork,
  }
}
