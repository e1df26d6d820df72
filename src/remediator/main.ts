/** Owns putting the remediator together, replacing its configuration while it runs, and taking it down in order. */
import { systemClock, type Clock } from '../lib/clock.ts'
import { listen } from '../lib/http.ts'
import { createProcfs } from '../lib/linux/proc-process.ts'
import type { Logger } from '../lib/log.ts'
import { isAuthorized } from '../lib/token.ts'
import { readVersion } from '../lib/version.ts'
import { Admissions } from '../lib/web-admission.ts'
import { createAlertmanager } from './alertmanager.ts'
import { readTokens } from './api/tokens.ts'
import { assemble, type Foundation } from './assemble.ts'
import { createClockJumpCheck } from './clock-jumps.ts'
import { createWorker } from './create-worker.ts'
import { loadSettings, type RemediatorOptions, type RemediatorSettings } from './config.ts'
import { Leadership } from './leadership.ts'
import { measure } from './measure.ts'
import type { RemediatorMetrics } from './metrics.ts'
import { createPace } from './pace.ts'
import { openStore, type Store } from './open-store.ts'
import type { StageObserver } from './pipeline.ts'
import { giveTimeToAnswer } from './give-time-to-answer.ts'
import { recordStop } from './record-stop.ts'
import { RoundsKeeper } from './rounds.ts'
import { createWeb, type Configured } from './web.ts'
import type { Worker } from './worker.ts'

export interface RunningRemediator {
  readonly url: string
  /** Resolves, with the reason, when it cannot go on: the store is corrupt, or another start has replaced it. */
  readonly failed: Promise<string>
  /** Reads the configuration anew; throws UsageError when it is refused, and the old one stays in force. */
  reload(): Promise<void>
  close(): Promise<void>
}

/** What only tests and measurements give. */
export interface RemediatorHooks {
  readonly observer?: StageObserver
  readonly clock?: Clock
}

const REPLACEMENT_CHECK_MS = 5_000

/** Starts the remediator. Throws UsageError for a bad configuration, a store that cannot be opened or a taken port. */
export async function runRemediator(options: RemediatorOptions, log: Logger, hooks: RemediatorHooks = {}): Promise<RunningRemediator> {
  const settings = loadSettings(options)
  const clock = hooks.clock ?? systemClock()
  const store = openStore(options.stateDir, clock, log)
  try {
    return await run(settings, store, { options, log, clock, hooks })
  } catch (error) {
    store.journal.close()
    store.database.close()
    throw error
  }
}

interface Circumstances {
  readonly options: RemediatorOptions
  readonly log: Logger
  readonly clock: Clock
  readonly hooks: RemediatorHooks
}

async function run(first: RemediatorSettings, store: Store, circumstances: Circumstances): Promise<RunningRemediator> {
  const { options, log, clock } = circumstances
  const { database, journal } = store
  const failure = Promise.withResolvers<string>()
  const admissions = new Admissions()
  const metrics = measure(store, clock, failure.resolve)
  const own: { url?: string } = {}
  const { leadership, foundation } = lay(store, metrics, circumstances, {
    ownUrl: () => own.url,
    onWork: () => duty.worker.wake(),
    onGained: () => duty.begin(),
    onLost: () => duty.leave(),
  })
  const duty = createDuty(first, foundation, admissions, () => leadership.isHeld)
  const { app, console: pages } = createWeb({
    store,
    metrics,
    options,
    log,
    clock,
    isLeading: () => leadership.isHeld,
    configured: () => duty.configured(),
    reload: () => duty.reload(),
    onWork: () => duty.onWork(),
  })
  const server = await listen(app, options.address, 'remediator', {
    webConfigFile: options.webConfigFile,
    log,
    admissions,
    bearsToken: (authorization) => duty.configured().authentication.tokens.some(({ token }) => isAuthorized(authorization, token)),
  })
  own.url = server.url
  const { mode } = first.config
  journal.record('started', null, `procwarden ${readVersion()} started in mode ${mode}.`, { mode })
  journal.flushNow()
  leadership.start()
  duty.worker.start()
  const watch = setInterval(() => {
    if (store.isReplaced()) failure.resolve('another start has replaced the store, which was corrupt')
  }, REPLACEMENT_CHECK_MS)
  const standsBy = leadership.isHeld ? '' : '; another remediator on this store works, this one stands by'
  log.info(`Ready on ${server.url}, mode ${mode}${first.mail ? '' : '; no mail is configured'}${standsBy}`)
  return {
    url: server.url,
    failed: failure.promise,
    reload: () => duty.reload(),
    close: async () => {
      clearInterval(watch)
      await pages.close()
      await server.close()
      await duty.end()
      leadership.stop()
      recordStop(journal, log)
      journal.close()
      database.close()
    },
  }
}

/** The work that one remediator of several does, with the configuration in force. */
interface Duty {
  readonly worker: Worker
  /** There is something new to work on; called for each delivery too. */
  readonly onWork: () => void
  readonly configured: () => Configured
  /** It is this one's turn. */
  begin(): void
  /** It is another one's turn. */
  leave(): void
  reload(): Promise<void>
  end(): Promise<void>
}

function createDuty(first: RemediatorSettings, foundation: Foundation, admissions: Admissions, isLeading: () => boolean): Duty {
  const { options, log, journal, metrics } = foundation
  let configured = configure(first, foundation, admissions)
  metrics.checks.source(() => configured.assembled.checks.states())
  const checkClock = createClockJumpCheck(foundation)
  const pace = createPace(() => performance.now())
  const mayWork = (): boolean => {
    if (!isLeading() || !rounds.isCaughtUp || !pace.mayTakeTurn()) return false
    checkClock()
    return true
  }
  const worker = createWorker(foundation, () => configured.assembled, mayWork)
  const rounds = createRounds(
    foundation,
    () => configured,
    () => worker.wake(),
  )
  return {
    worker,
    onWork: () => {
      pace.arrived()
      worker.wake()
    },
    configured: () => configured,
    begin: () => {
      metrics.leading(true)
      giveTimeToAnswer(foundation, configured.settings.config.approval.expire_seconds * 1000)
      rounds.start()
      configured.assembled.mailer?.start()
      configured.assembled.checks.start()
      configured.assembled.advisor?.start()
    },
    leave: () => {
      metrics.leading(false)
      log.warn('Another remediator on the same store has taken over; this one stands by')
      void rounds.stop()
      void configured.assembled.mailer?.stop()
      void configured.assembled.checks.stop()
      void configured.assembled.advisor?.stop()
      // A mailer that was stopped stays so; whoever takes over again needs a fresh one.
      configured = { ...configured, assembled: assemble(configured.settings, foundation) }
    },
    reload: async () => {
      const replacement = configure(loadSettings(options), foundation, admissions)
      await Promise.all([configured.assembled.mailer?.stop(), configured.assembled.checks.stop(), configured.assembled.advisor?.stop()])
      configured = replacement
      metrics.checks.source(() => configured.assembled.checks.states())
      if (isLeading()) {
        configured.assembled.mailer?.start()
        configured.assembled.checks.start()
        configured.assembled.advisor?.start()
      }
      journal.record('reloaded', null, 'The configuration was read anew.')
      journal.flush()
      rounds.soon()
      log.info('Configuration reloaded')
    },
    end: async () => {
      await Promise.all([worker.stop(), rounds.stop(), configured.assembled.checks.stop(), configured.assembled.advisor?.stop()])
      await configured.assembled.mailer?.stop()
    },
  }
}

/** What all work stands on: a store that only the one that leads can write to. */
function lay(
  { database, journal }: Store,
  metrics: RemediatorMetrics,
  { options, log, clock, hooks }: Circumstances,
  {
    ownUrl,
    onWork,
    ...on
  }: {
    readonly ownUrl: () => string | undefined
    readonly onWork: () => void
    readonly onGained: () => void
    readonly onLost: () => void
  },
): { readonly leadership: Leadership; readonly foundation: Foundation } {
  const procfs = createProcfs(clock, options.procfs)
  const onStoreError = (reason: string): void => metrics.storeFailed(reason)
  const leadership = new Leadership({ database, clock, procfs, log, onStoreError, ...on })
  const fenced = database.fenced(leadership.fence)
  const observer = hooks.observer ? { observer: hooks.observer } : {}
  return { leadership, foundation: { options, log, clock, procfs, database: fenced, journal, metrics, ownUrl, onWork, ...observer } }
}

function createRounds(foundation: Foundation, configured: () => Configured, onWork: () => void): RoundsKeeper {
  return new RoundsKeeper({
    foundation,
    alertmanager: () => {
      const { alertmanager } = configured().settings.peers
      return alertmanager && createAlertmanager(alertmanager)
    },
    mayActNow: (known) => configured().assembled.mayActNow(known),
    retentionDays: () => configured().settings.config.retention.incidents_days,
    onWork,
  })
}

/** Everything fallible is done before anything is replaced. */
function configure(settings: RemediatorSettings, foundation: Foundation, admissions: Admissions): Configured {
  const { web } = settings.config
  const tokens = readTokens(foundation.options, web.webhook_token_scopes)
  return {
    settings,
    assembled: assemble(settings, foundation),
    authentication: { tokens, certificates: web.client_certificates, admissions },
  }
}
