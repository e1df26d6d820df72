/** Owns building the pipeline and what belongs to it from a configuration: everything that a reload replaces as a whole. */
import type { Clock } from '../lib/clock.ts'
import type { RemediatorSettings } from './config.ts'
import { MODES, type Incident, type Mode } from './model.ts'
import type { Mailer } from './notify/mailer.ts'
import { buildPipeline, type Pipeline } from './pipeline.ts'
import type { Policy } from './policies/policy.ts'
import { rollback, type RollbackReport } from './rollback.ts'
import type { Policies } from './stages/match-policy.ts'
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

/** What the configuration decides. */
export interface Assembled {
  readonly pipeline: Pipeline
  readonly mailer: Mailer | undefined
  /** What links in mails are signed with; undefined where there are none. */
  readonly linkSecret: string | undefined
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
  const { config, commandEnvironment: environment } = settings
  const { clock, database, journal } = foundation
  const people = assemblePeople(settings, foundation)
  const parts = createParts(settings, foundation)
  const { policies, holder } = parts
  const boot = (): ReturnType<Clock['boot']> => clock.boot()
  const pipeline = buildPipeline(createStages(settings, foundation, parts), {
    database,
    journal,
    clock,
    observer: foundation.observer,
    onEnding: (incident, ending) => people.herald.onEnding(incident, ending),
    onEscalation: (to) => foundation.metrics.escalated(to),
  })
  const sweep = createSweep({ database, journal, clock, holder, boot, snapshotRetentionDays: config.snapshot.retention_days })
  const lookForVanished = createVanishedTargets({ database, clock, holder })
  return {
    pipeline,
    mailer: people.mailer,
    linkSecret: people.linkSecret,
    mayActNow: (known) => mayActNow(known, policies, database),
    rollback: (id, by, only) =>
      rollback(id, by, only, { database, journal, holder, boot, environment, policyOf: (incident) => policies.named(incident.policy) }),
    thaw: (id, by) => thaw(id, by, { database, journal, holder, boot }),
    policiesInForce: () => config.policies.map((policy) => ({ policy, mode: policies.modeOf(policy) })),
    sweep: async (signal) => {
      await sweep(signal)
      lookForVanished()
      people.herald.tellRecoveries()
      people.callPeople()
    },
  }
}

function mayActNow({ outcome, reason, mode, labels }: Incident, policies: Policies, database: Database): boolean {
  if (reason === 'paused') return pausedBy(database) === undefined
  const policy = outcome === 'observed' && mode !== null ? policies.find(labels) : undefined
  return policy !== undefined && mode !== null && MODES.indexOf(policies.modeOf(policy)) > MODES.indexOf(mode)
}
