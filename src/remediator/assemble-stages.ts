/** Owns making the stages of the pipeline from a configuration. */
import path from 'node:path'
import { messageOf } from '../lib/errors.ts'
import { isLoopback } from '../lib/http.ts'
import type { Logger } from '../lib/log.ts'
import { freezeTarget } from './actions/freeze.ts'
import type { RemediatorSettings } from './config.ts'
import { createWritersIn } from './diagnosis/exporter-files.ts'
import { promqlString, type Prometheus } from './prometheus.ts'
import { findManager } from './services/find-manager.ts'
import { act } from './stages/act.ts'
import { admit } from './stages/admit.ts'
import { advise } from './stages/advise.ts'
import { approve } from './stages/approve.ts'
import { guard } from './stages/guard.ts'
import { identify } from './stages/identify.ts'
import { matchPolicy } from './stages/match-policy.ts'
import type { OrderLadder } from './stages/order-ladder.ts'
import { recover } from './stages/recover.ts'
import { snapshot } from './stages/snapshot.ts'
import { verify } from './stages/verify.ts'
import { createActions, freezingWith } from './assemble-actions.ts'
import { groupOf } from './assemble-parts.ts'
import type { Foundation, Parts } from './foundation.ts'
import type { Stages } from './pipeline.ts'
import type { CapRule } from './store/intents.ts'

export function createStages(settings: RemediatorSettings, foundation: Foundation, parts: Parts, order: OrderLadder): Stages {
  const actions = createActions(settings, foundation, parts)
  const { caps } = settings.config
  const hostCap = { max: caps.host.max, windowMs: caps.host.window_seconds * 1000 }
  return {
    ...decidingStages(settings, foundation, parts, actions, hostCap, order),
    ...doingStages(settings, foundation, parts, actions, hostCap),
  }
}

type Actions = ReturnType<typeof createActions>

/** Before anything is done. */
function decidingStages(
  { config }: RemediatorSettings,
  foundation: Foundation,
  parts: Parts,
  actions: Actions,
  hostCap: CapRule,
  order: OrderLadder,
) {
  const { options, log, clock, procfs, database } = foundation
  const { policies, prometheus, neverList, managers, own, findMembers } = parts
  const freezing = freezingWith(foundation, parts)
  const lists = { denyGroups: config.deny.groups, allowGroups: config.allow.groups }
  return {
    recover: recover({ database, clock, policies, order, actions, lists }),
    admit: admit({ instances: config.host.instances, webhookIsLocal: isLoopback(options.address.host), database, clock }),
    matchPolicy: matchPolicy(policies, order),
    advise: advise({ database, clock, waitMs: parts.advisor?.waitMs }),
    identify: identify({
      procfs,
      groupOf,
      findMembers,
      prometheus,
      database,
      clock,
      ownPid: process.pid,
      knownWriter: parts.knownWriter,
      writersIn: createWritersIn(config.exporter.url, log),
      log,
      findManager: (group, members, step, signal) =>
        findManager(group, members, step, { pm2: managers.pm2, own, lastKnown: (name) => lastKnown(name, prometheus, log) }, signal),
    }),
    guard: guard({
      neverList,
      ...lists,
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
  }
}

function doingStages(
  { commandEnvironment: environment }: RemediatorSettings,
  foundation: Foundation,
  parts: Parts,
  actions: Actions,
  hostCap: CapRule,
) {
  const { options, clock, procfs, database, journal, metrics } = foundation
  const { prometheus, holder, managers, findMembers, checks } = parts
  return {
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
      runCheck: (name, signal) => checks.runNow(name, 'verification', signal),
      database,
      clock,
      onVerdict: (policy, verdict) => metrics.attemptVerified({ policy, verdict }),
    }),
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
