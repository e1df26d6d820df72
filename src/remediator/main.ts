/** Owns putting the remediator together, replacing its configuration while it runs, and taking it down in order. */
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemClock, type Clock } from '../lib/clock.ts'
import { messageOf } from '../lib/errors.ts'
import { groupNameOf } from '../lib/groups/group-name.ts'
import { isLoopback, listen } from '../lib/http.ts'
import { loadLibc } from '../lib/linux/libc.ts'
import { createPidfds } from '../lib/linux/pidfd.ts'
import { createProcfs, readStat, type Procfs } from '../lib/linux/proc-process.ts'
import type { Logger } from '../lib/log.ts'
import { isAuthorized, readToken } from '../lib/token.ts'
import { readVersion } from '../lib/version.ts'
import { createKill } from './actions/kill.ts'
import { createApp } from './app.ts'
import { Journal } from './audit/journal.ts'
import { mirrorPath } from './audit/mirror.ts'
import { loadSettings, type RemediatorOptions, type RemediatorSettings } from './config.ts'
import { createMetrics, type RemediatorMetrics } from './metrics.ts'
import type { Incident } from './model.ts'
import { incidentMail, type MailOrigin } from './notify/incident-mail.ts'
import { Mailer } from './notify/mailer.ts'
import { buildPipeline, type Pipeline } from './pipeline.ts'
import { createPrometheus } from './prometheus.ts'
import { act } from './stages/act.ts'
import { admit } from './stages/admit.ts'
import { approve } from './stages/approve.ts'
import { guard } from './stages/guard.ts'
import { identify } from './stages/identify.ts'
import { matchPolicy } from './stages/match-policy.ts'
import { recover } from './stages/recover.ts'
import { verify } from './stages/verify.ts'
import { Database, databasePath } from './store/database.ts'
import { enqueueMail } from './store/outbox.ts'
import { createNeverList } from './suspects/never-list.ts'
import { Worker } from './worker.ts'

export interface RunningRemediator {
  readonly url: string
  /** Reads the configuration anew; throws UsageError when it is refused, and the old one stays in force. */
  reload(): Promise<void>
  close(): Promise<void>
}

/** What lives as long as the process. */
interface Foundation {
  readonly options: RemediatorOptions
  readonly log: Logger
  readonly clock: Clock
  readonly procfs: Procfs
  readonly database: Database
  readonly journal: Journal
  readonly metrics: RemediatorMetrics
}

/** What the configuration decides; replaced as a whole by a reload. */
interface Configured {
  readonly pipeline: Pipeline
  readonly mailer: Mailer | undefined
}

/** Starts the remediator. Throws UsageError for a bad configuration, a store that cannot be opened or a taken port. */
export async function runRemediator(options: RemediatorOptions, log: Logger): Promise<RunningRemediator> {
  const settings = loadSettings(options)
  const foundation = lay(options, log)
  const { database, journal, clock, metrics } = foundation
  let configured = configure(settings, foundation)
  const worker = new Worker({
    database,
    journal,
    clock,
    log,
    pipeline: { run: (incident, signal) => configured.pipeline.run(incident, signal) },
    onStoreError: (reason) => metrics.storeFailed(reason),
    onDone: (incident) => {
      metrics.concluded(incident)
      logConclusion(incident, log)
      configured.mailer?.wake()
    },
  })
  const reload = async (): Promise<void> => {
    const replacement = configure(loadSettings(options), foundation)
    await configured.mailer?.stop()
    configured = replacement
    configured.mailer?.start()
    journal.record('reloaded', null, 'The configuration was read anew.')
    journal.flush()
    log.info('Configuration reloaded')
  }
  const token = readToken(options.tokenFile ?? path.join(options.stateDir, 'webhook-token'), { create: true })
  const app = createApp({ address: options.address, database, journal, clock, log, metrics, token, reload, onWork: () => worker.wake() })
  const server = await listen(app, options.address, 'remediator', {
    webConfigFile: options.webConfigFile,
    log,
    bearsToken: (authorization) => isAuthorized(authorization, token),
  })
  journal.record('started', null, `procwarden ${readVersion()} started in mode ${settings.config.mode}.`, { mode: settings.config.mode })
  journal.flush()
  worker.start()
  configured.mailer?.start()
  log.info(`Ready on ${server.url}, mode ${settings.config.mode}${settings.mail ? '' : '; no mail is configured'}`)
  return {
    url: server.url,
    reload,
    close: async () => {
      await server.close()
      await worker.stop()
      await configured.mailer?.stop()
      recordStop(journal, log)
      database.close()
    },
  }
}

function lay(options: RemediatorOptions, log: Logger): Foundation {
  const clock = systemClock()
  const database = Database.open(databasePath(options.stateDir))
  const journal = new Journal(database, mirrorPath(options.stateDir), clock, log)
  const metrics = createMetrics(database, clock, readVersion())
  const verdict = journal.open()
  metrics.auditIntact(verdict.intact)
  if (verdict.fault)
    log.error(`The audit trail is broken at entry ${verdict.fault.seq}: ${verdict.fault.what}`, { where: verdict.fault.where })
  return { options, log, clock, procfs: createProcfs(clock, options.procfs), database, journal, metrics }
}

function configure({ config, mail }: RemediatorSettings, foundation: Foundation): Configured {
  const { options, log, clock, procfs, database, journal, metrics } = foundation
  const origin: MailOrigin = { hostname: os.hostname(), consoleUrl: `http://${options.address.host}:${options.address.port}/` }
  const neverList = createNeverList({
    ownPid: process.pid,
    ownTrees: options.neverTrees ?? [],
    ownProgram: fileURLToPath(new URL(`../cli/main${path.extname(import.meta.url)}`, import.meta.url)),
    parentOf: (pid) => readStat(pid, procfs)?.ppid,
  })
  const stages = {
    recover: recover({ database, procfs, clock, policies: config.policies }),
    admit: admit({ instances: config.host.instances, webhookIsLocal: isLoopback(options.address.host) }),
    matchPolicy: matchPolicy(config.policies, config.mode),
    identify: identify({
      procfs,
      groupOf: (identity) => groupNameOf(identity),
      prometheus: config.prometheus.url === undefined ? undefined : createPrometheus(config.prometheus.url),
      database,
      clock,
      ownPid: process.pid,
      log,
    }),
    guard: guard({ neverList, denyGroups: config.deny.groups, allowGroups: config.allow.groups, database, clock }),
    approve: approve({ expireMs: config.approval.expire_seconds * 1000, clock }),
    act: act({
      actions: { kill: createKill(() => createPidfds(loadLibc()), procfs) },
      database,
      journal,
      clock,
      onAction: (delayMs) => metrics.actionBegun(delayMs),
    }),
    verify: verify(procfs),
  }
  const pipeline = buildPipeline(stages, {
    database,
    journal,
    clock,
    onEnding: (incident, ending) => {
      const letter = mail && incidentMail(incident, ending, origin, clock.nowMs())
      if (letter) enqueueMail(database, letter)
    },
  })
  return { pipeline, mailer: mail && new Mailer({ settings: mail, database, clock, log }) }
}

/** A store that cannot be written must not keep the process from ending. */
function recordStop(journal: Journal, log: Logger): void {
  try {
    journal.record('stopped', null, 'procwarden stopped.')
    journal.flush()
  } catch (error) {
    log.warn('The stop could not be recorded', { error: messageOf(error) })
  }
}

function logConclusion(incident: Incident, log: Logger): void {
  const line = `${incident.alertname}: ${incident.summary ?? 'done'}`
  const fields = { incident: incident.id, decision: incident.decision, reason: incident.reason, outcome: incident.outcome }
  if (incident.outcome === 'failed') log.error(line, fields)
  else log.info(line, fields)
}
