/** Owns building the pipeline and what belongs to it from a configuration: everything that a reload replaces as a whole. */
import type { Clock } from '../lib/clock.ts'
import type { AdvisorDesk } from './advisor/desk.ts'
import type { CheckKeeper } from './checks/keeper.ts'
import type { RemediatorSettings } from './config.ts'
import { MODES, type Incident, type Mode } from './model.ts'
import { createDiagnostician, type Diagnostician } from './diagnosis/diagnostician.ts'
import type { Mailer } from './notify/mailer.ts'
import { buildPipeline, type Pipeline } from './pipeline.ts'
import type { Policy } from './policies/policy.ts'
import { createPrometheus } from './prometheus.ts'
import type { Ending } from './stage.ts'
import { rollback, type RollbackReport } from './rollback.ts'
import type { Policies } from './stages/match-policy.ts'
import { createOrderLadder } from './stages/order-ladder.ts'
import type { Database } from './store/database.ts'
import { pausedBy } from './store/pause.ts'
import { createSweep } from './sweep.ts'
import { thaw } from './thaw.ts'
import { createVanishedTargets } from './vanished-targets.ts'
import { createParts } from './assemble-parts.ts'
import { assemblePeople } from './assemble-people.ts'
import { createStages } from './assemble-stages.ts'
import type { Foundation } from './foundation.ts'

export type { Foundation } from './foundation.ts'

/** How long the end of a run, and its mail, waits for a diagnosis. */
const DIAGNOSIS_BUDGET_MS = 1_000
/** How long each of its questions may take; a machine in trouble is slow. */
const DIAGNOSIS_QUERY_MS = 8_000
/** How long a policy that orders its ladder by what it learned waits for one before it acts. */
const ORDER_BUDGET_MS = 2_000

/** What the configuration decides. */
export interface Assembled {
  readonly pipeline: Pipeline
  readonly mailer: Mailer | undefined
  /** What links in mails are signed with; undefined where there are none. */
  readonly linkSecret: string | undefined
  readonly checks: CheckKeeper
  /** Undefined when none is configured. */
  readonly advisor: AdvisorDesk | undefined
  /** Whether what was only told, or left while everything was paused, may be done now. */
  mayActNow(known: Incident): boolean
  /** Undefined when there is no such incident. */
  rollback(id: string, by: string, only?: readonly string[]): Promise<RollbackReport | undefined>
  /** Lets what an incident has frozen go on; a sentence for each process. Undefined when there is no such incident. */
  thaw(id: string, by: string): readonly string[] | undefined
  /** In the order in which they are tried, each with the mode it works in. */
  policiesInForce(): ReadonlyArray<{ readonly policy: Policy; readonly mode: Mode }>
  /** Tidies up; cheap enough to be called after every run. */
  sweep(signal: AbortSignal): Promise<void>
}

export function assemble(settings: RemediatorSettings, foundation: Foundation): Assembled {
  const { config, peers, commandEnvironment: environment } = settings
  const { clock, database, journal, log } = foundation
  const people = assemblePeople(settings, foundation)
  const parts = createParts(settings, foundation)
  const { policies, holder } = parts
  const boot = (): ReturnType<Clock['boot']> => clock.boot()
  const diagnostician = createDiagnostician({
    database,
    journal,
    clock,
    log,
    // Nothing waits for it that could not wait longer.
    prometheus: peers.prometheus && createPrometheus(peers.prometheus, DIAGNOSIS_QUERY_MS),
    exporterUrl: config.exporter.url,
  })
  const order = createOrderLadder({
    database,
    diagnose: (incident, signal) => diagnostician.settle(incident, ORDER_BUDGET_MS, signal),
  })
  const pipeline = buildPipeline(createStages(settings, foundation, parts, order), {
    database,
    journal,
    clock,
    observer: foundation.observer,
    beforeEnding: (incident, ending, signal) => diagnoseAside(incident, ending, diagnostician, signal),
    onEnding: (incident, ending) => {
      people.herald.onEnding(incident, ending)
      parts.advisor?.concluded(incident, ending)
    },
    advisorWaitMs: parts.advisor?.waitMs,
    onEscalation: (to) => {
      foundation.metrics.escalated(to)
      if (to === 'advisor') parts.advisor?.wake()
    },
  })
  const sweep = createSweep({ database, journal, clock, holder, boot, log, snapshotRetentionDays: config.snapshot.retention_days })
  const lookForVanished = createVanishedTargets({ database, clock, holder })
  return {
    pipeline,
    mailer: people.mailer,
    linkSecret: people.linkSecret,
    checks: parts.checks,
    advisor: parts.advisor,
    mayActNow: (known) => mayActNow(known, policies, database),
    rollback: (id, by, only) =>
      rollback(id, by, only, { database, journal, holder, boot, environment, policyOf: (incident) => policies.named(incident.policy) }),
    thaw: (id, by) => thaw(id, by, { database, journal, clock, holder, boot }),
    policiesInForce: () => config.policies.map((policy) => ({ policy, mode: policies.modeOf(policy) })),
    sweep: (signal) => eachInTurn([() => sweep(signal), lookForVanished, () => people.herald.tellRecoveries(), () => people.callPeople()]),
  }
}

/** What one of them cannot do keeps the others from nothing; the first failure is thrown when all have had their turn. */
async function eachInTurn(parts: ReadonlyArray<() => Promise<void> | void>): Promise<void> {
  const failures: unknown[] = []
  for (const part of parts) {
    try {
      await part()
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
}

/** What is done is done by then. Whoever waits for something else does not wait for this as well. */
async function diagnoseAside(
  incident: Incident,
  { status, reason }: Ending,
  diagnostician: Diagnostician,
  signal: AbortSignal,
): Promise<void> {
  if (reason === 'not_this_host' || reason === 'resolved') return
  if (status === 'deferred') diagnostician.consider(incident, signal)
  else await diagnostician.settle(incident, DIAGNOSIS_BUDGET_MS, signal)
}

function mayActNow({ outcome, reason, mode, labels }: Incident, policies: Policies, database: Database): boolean {
  if (reason === 'paused') return pausedBy(database) === undefined
  const policy = outcome === 'observed' && mode !== null ? policies.find(labels) : undefined
  return policy !== undefined && mode !== null && MODES.indexOf(policies.modeOf(policy)) > MODES.indexOf(mode)
}
