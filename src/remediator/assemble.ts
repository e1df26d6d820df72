/** Owns building the pipeline and what belongs to it from a configuration: everything that a reload replaces as a whole. */
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Clock } from '../lib/clock.ts'
import { messageOf } from '../lib/errors.ts'
import { groupNameOf } from '../lib/groups/group-name.ts'
import { isLoopback } from '../lib/http.ts'
import { loadLibc } from '../lib/linux/libc.ts'
import { createPidfds } from '../lib/linux/pidfd.ts'
import { readProcessDetails, readProcessIdentity, readStat, type ProcessIdentity, type Procfs } from '../lib/linux/proc-process.ts'
import type { Logger } from '../lib/log.ts'
import { createCommand } from './actions/command.ts'
import { createFreeze, createThaw, freezeTarget } from './actions/freeze.ts'
import { createHolder, type Holder } from './actions/held-processes.ts'
import { createKill } from './actions/kill.ts'
import { createNotify } from './actions/notify.ts'
import { createQuarantine } from './actions/quarantine.ts'
import { createReap } from './actions/reap.ts'
import { createRestart } from './actions/restart.ts'
import type { Action, ActionRequest } from './actions/action.ts'
import type { Journal } from './audit/journal.ts'
import type { RemediatorOptions, RemediatorSettings } from './config.ts'
import type { RemediatorMetrics } from './metrics.ts'
import { MODES, type ActionName, type Incident } from './model.ts'
import { incidentMail, type MailOrigin } from './notify/incident-mail.ts'
import { Mailer } from './notify/mailer.ts'
import { buildPipeline, type Pipeline, type StageObserver } from './pipeline.ts'
import { createPrometheus, promqlString, type Prometheus } from './prometheus.ts'
import { rollback, type RollbackReport } from './rollback.ts'
import { createDocker } from './services/docker.ts'
import { findManager } from './services/find-manager.ts'
import { createPm2 } from './services/pm2.ts'
import { createSystemd } from './services/systemd.ts'
import { createTool } from './services/tool.ts'
import { act } from './stages/act.ts'
import { admit } from './stages/admit.ts'
import { approve } from './stages/approve.ts'
import { guard } from './stages/guard.ts'
import { identify } from './stages/identify.ts'
import { createPolicies, matchPolicy, type Policies } from './stages/match-policy.ts'
import { recover } from './stages/recover.ts'
import { snapshot } from './stages/snapshot.ts'
import { verify } from './stages/verify.ts'
import { auditEntriesOf } from './store/audit-entries.ts'
import type { Database } from './store/database.ts'
import { enqueueMail } from './store/outbox.ts'
import { pausedBy } from './store/pause.ts'
import { createSweep } from './sweep.ts'
import { createNeverList, type NeverList } from './suspects/never-list.ts'
import { createFindMembers, type FindMembers } from './suspects/group-members.ts'
import type { TreeProcess } from './suspects/process-tree.ts'

/** What lives as long as the process. */
export interface Foundation {
  readonly options: RemediatorOptions
  readonly log: Logger
  readonly clock: Clock
  readonly procfs: Procfs
  readonly database: Database
  readonly journal: Journal
  readonly metrics: RemediatorMetrics
  readonly observer?: StageObserver
}

/** What the configuration decides. */
export interface Assembled {
  readonly pipeline: Pipeline
  readonly mailer: Mailer | undefined
  /** Whether what was only told, or left while everything was paused, may be done now. */
  mayActNow(known: Incident): boolean
  /** Undefined when there is no such incident. */
  rollback(id: string, by: string, only?: readonly string[]): Promise<RollbackReport | undefined>
  /** Tidies up; cheap enough to be called after every run. */
  sweep(signal: AbortSignal): Promise<void>
}

/** What several stages and actions need. */
interface Parts {
  readonly policies: Policies
  readonly prometheus: Prometheus | undefined
  readonly holder: Holder
  readonly neverList: NeverList
  readonly managers: {
    readonly systemd: ReturnType<typeof createSystemd>
    readonly docker: ReturnType<typeof createDocker>
    readonly pm2: ReturnType<typeof createPm2>
  }
  readonly mayTouch: (process: TreeProcess) => boolean
  readonly own: { readonly unit?: string; readonly container?: string }
  readonly findMembers: FindMembers
}

/** For systemctl and pm2, which answer at once; docker restart waits for the container to stop. */
const TOOL_TIMEOUT_MS = 30_000
const DOCKER_TIMEOUT_MS = 120_000

const groupOf = (identity: ProcessIdentity): string => groupNameOf(identity)

export function assemble(settings: RemediatorSettings, foundation: Foundation): Assembled {
  const { config, mail, commandEnvironment: environment } = settings
  const { options, log, clock, database, journal } = foundation
  const parts = createParts(settings, foundation)
  const { policies, holder } = parts
  const boot = (): ReturnType<Clock['boot']> => clock.boot()
  const origin: MailOrigin = { hostname: os.hostname(), consoleUrl: `http://${options.address.host}:${options.address.port}/` }
  const pipeline = buildPipeline(createStages(settings, foundation, parts), {
    database,
    journal,
    clock,
    observer: foundation.observer,
    onEnding: (incident, ending) => {
      const letter = mail && incidentMail(incident, ending, origin, clock.nowMs())
      if (letter) enqueueMail(database, letter)
    },
    onEscalation: (to) => foundation.metrics.escalated(to),
  })
  return {
    pipeline,
    mailer: mail && new Mailer({ settings: mail, database, clock, log }),
    mayActNow: (known) => mayActNow(known, policies, database),
    rollback: (id, by, only) =>
      rollback(id, by, only, { database, journal, holder, boot, environment, policyOf: (incident) => policies.named(incident.policy) }),
    sweep: createSweep({ database, journal, clock, holder, boot, snapshotRetentionDays: config.snapshot.retention_days }),
  }
}

function mayActNow({ outcome, reason, mode, labels }: Incident, policies: Policies, database: Database): boolean {
  if (reason === 'paused') return pausedBy(database) === undefined
  const policy = outcome === 'observed' && mode !== null ? policies.find(labels) : undefined
  return policy !== undefined && mode !== null && MODES.indexOf(policies.modeOf(policy)) > MODES.indexOf(mode)
}

function createParts({ config, commandEnvironment }: RemediatorSettings, { options, procfs }: Foundation): Parts {
  const { unit, container } = readProcessDetails(process.pid, procfs)
  const own = { ...(unit === undefined ? {} : { unit }), ...(container === undefined ? {} : { container }) }
  const neverList = createNeverList({
    ownPid: process.pid,
    ownTrees: options.neverTrees ?? [],
    ownProgram: fileURLToPath(new URL(`../cli/main${path.extname(import.meta.url)}`, import.meta.url)),
    parentOf: (pid) => readStat(pid, procfs)?.ppid,
    own,
  })
  const tool = (program: string, timeoutMs: number): ReturnType<typeof createTool> => createTool(program, commandEnvironment, timeoutMs)
  const prometheus = config.prometheus.url === undefined ? undefined : createPrometheus(config.prometheus.url)
  return {
    own,
    findMembers: createFindMembers(procfs, groupOf, prometheus),
    neverList,
    policies: createPolicies(config.policies, config.mode),
    prometheus,
    // Bound when first needed: where the kernel has no pidfds, only an action fails, not the start.
    holder: createHolder(() => createPidfds(loadLibc()), procfs),
    managers: {
      systemd: createSystemd(tool('systemctl', TOOL_TIMEOUT_MS), procfs),
      docker: createDocker(tool('docker', DOCKER_TIMEOUT_MS)),
      pm2: createPm2(tool('pm2', TOOL_TIMEOUT_MS)),
    },
    mayTouch: ({ pid }) => {
      const identity = readProcessIdentity(pid, procfs)
      if (identity === undefined || neverList.reasonAgainst(identity) !== undefined) return false
      const group = groupNameOf(identity)
      return !config.deny.groups.includes(group)
    },
  }
}

function createStages(settings: RemediatorSettings, foundation: Foundation, parts: Parts) {
  const { config, commandEnvironment: environment } = settings
  const { options, log, clock, procfs, database, journal, metrics } = foundation
  const { policies, prometheus, neverList, holder, managers, mayTouch, own, findMembers } = parts
  const actions = createActions(settings, foundation, parts)
  const hostCap = { max: config.caps.host.max, windowMs: config.caps.host.window_seconds * 1000 }
  const freezing = {
    holder,
    procfs,
    mayTouch,
    database,
    boot: () => clock.boot(),
    nowMs: () => clock.nowMs(),
    sleep: (ms: number) => clock.sleep(ms),
  }
  return {
    recover: recover({ database, clock, policies, actions }),
    admit: admit({ instances: config.host.instances, webhookIsLocal: isLoopback(options.address.host) }),
    matchPolicy: matchPolicy(policies),
    identify: identify({
      procfs,
      groupOf,
      findMembers,
      prometheus,
      database,
      clock,
      ownPid: process.pid,
      log,
      findManager: (group, members, step, signal) =>
        findManager(group, members, step, { pm2: managers.pm2, own, lastKnown: (name) => lastKnown(name, prometheus, log) }, signal),
    }),
    guard: guard({
      neverList,
      denyGroups: config.deny.groups,
      allowGroups: config.allow.groups,
      maintenance: config.maintenance,
      hostCap,
      database,
      clock,
    }),
    approve: approve({
      expireMs: config.approval.expire_seconds * 1000,
      autoRiskMax: config.approval.auto_risk_max,
      database,
      clock,
      freeze: (incident, target, tree) => freezeTarget(incident, target, 'waiting', tree, freezing),
    }),
    snapshot: snapshot({
      procfs,
      prometheus,
      nowMs: () => clock.nowMs(),
      directory: path.join(options.stateDir, 'remediator', 'snapshots'),
      database,
    }),
    act: act({
      actions,
      database,
      journal,
      clock,
      hostCap,
      onAction: (delayMs) => metrics.actionBegun(delayMs),
      onStep: (policy, action, { outcome, reason }) => metrics.stepConcluded({ policy, action, outcome, reason }),
    }),
    verify: verify({
      procfs,
      holder,
      findMembers,
      prometheus,
      managers,
      environment,
      database,
      clock,
      onVerdict: (policy, verdict) => metrics.attemptVerified({ policy, verdict }),
    }),
  }
}

function createActions(settings: RemediatorSettings, foundation: Foundation, parts: Parts): Readonly<Record<ActionName, Action>> {
  const { commandEnvironment: environment } = settings
  const { options, clock, procfs, database } = foundation
  const { holder, mayTouch, managers, prometheus, findMembers } = parts
  const sleep = (ms: number, signal: AbortSignal): Promise<void> => clock.sleep(ms, signal)
  const freezing = {
    holder,
    procfs,
    mayTouch,
    database,
    boot: () => clock.boot(),
    nowMs: () => clock.nowMs(),
    sleep: (ms: number) => clock.sleep(ms),
  }
  const restart = createRestart({ managers, procfs, findMembers, environment, sleep })
  return {
    kill: createKill({ holder, procfs, mayTouch, sleep, wasSignalled: (incident, sinceMs) => wasSignalled(database, incident, sinceMs) }),
    freeze: createFreeze(freezing),
    thaw: createThaw(freezing),
    restart,
    quarantine: createQuarantine({
      database,
      procfs,
      nowMs: () => clock.nowMs(),
      stateDir: options.stateDir,
      stormFolders: (request) => stormFolders(request, prometheus),
    }),
    reap: createReap({ holder, procfs, sleep, restart }),
    command: createCommand({ environment }),
    notify: createNotify(),
  }
}

function wasSignalled(database: Database, incident: string, sinceMs: number): boolean {
  return auditEntriesOf(database, incident).some((entry) => entry.event === 'signal.sent' && Date.parse(entry.at) >= sinceMs)
}

/** Where storms are reported on the same machine right now, the deepest folders first. */
async function stormFolders({ incident }: ActionRequest, prometheus: Prometheus | undefined): Promise<readonly string[]> {
  const { instance } = incident.labels
  const host = instance === undefined ? '' : `,instance=${promqlString(instance)}`
  try {
    const alerts = (await prometheus?.query(`ALERTS{alertname="FileCreationStorm",alertstate="firing"${host}}`)) ?? []
    const folders = new Set(alerts.flatMap((alert) => alert.labels['directory'] ?? []))
    return [...folders].toSorted((a, b) => b.length - a.length)
  } catch {
    return []
  }
}

/** Where a program ran that has no process now. */
async function lastKnown(group: string, prometheus: Prometheus | undefined, log: Logger): Promise<{ unit?: string; container?: string }> {
  try {
    const [series] = (await prometheus?.query(`last_over_time(procwarden_group_info{group=${promqlString(group)}}[1d])`)) ?? []
    const { unit = '', container = '' } = series?.labels ?? {}
    return { ...(unit === '' ? {} : { unit }), ...(container === '' ? {} : { container }) }
  } catch (error) {
    log.warn('Prometheus could not tell where a program ran', { group, error: messageOf(error) })
    return {}
  }
}
