/** Owns the shapes of the API's answers, by the names that the OpenAPI document gives them. */
import { z } from 'zod'
import { ACTIONS, DECISIONS, MODES, OUTCOMES, REASONS, STATUSES } from '../model.ts'
import { Progress } from '../progress.ts'
import { EscalationLevel } from '../store/escalations/escalation-row.ts'
import { HoldKind } from '../store/holds/hold-row.ts'
import { QuarantineStatus } from '../store/quarantines/quarantine-row.ts'
import { Target } from '../target.ts'

const Time = z.iso.datetime().describe('ISO 8601, UTC')
const Labels = z.record(z.string(), z.string())
const Data = z.record(z.string(), z.unknown())

export const ErrorAnswer = z.strictObject({
  error: z.string().describe('What is wrong, for a person.'),
  faults: z.array(z.string()).optional().describe('Every fault of the request, each with where it is.'),
  reason: z.string().optional().describe('One word for machines.'),
})

const TimelineEntry = z.strictObject({ at: Time, event: z.string(), text: z.string(), data: Data })

export const Incident = z.strictObject({
  id: z.string(),
  status: z.enum(STATUSES),
  alertname: z.string(),
  severity: z.string(),
  labels: Labels,
  startedAt: Time,
  mode: z.enum(MODES).nullable(),
  decision: z.enum(DECISIONS).nullable(),
  reason: z.enum(REASONS).nullable(),
  action: z.enum(ACTIONS).nullable(),
  target: Target.nullable(),
  outcome: z.enum(OUTCOMES).nullable(),
  summary: z.string().nullable(),
  fingerprint: z.string(),
  episode: z.number().int(),
  annotations: Labels,
  receivedAt: Time,
  resolvedAt: Time.nullable(),
  policy: z.string().nullable(),
  attempts: z.number().int(),
  nextAtMs: z.number().nullable(),
  approvedBy: z.string().nullable(),
  closedAt: Time.nullable(),
  progress: Progress.nullable(),
  escalatedAt: Time.nullable(),
  timeline: z.array(TimelineEntry),
})
export const IncidentList = z.array(Incident)

export const Snapshot = z.strictObject({
  id: z.string(),
  incident: z.string(),
  attempt: z.number().int(),
  at: Time,
  directory: z.string(),
  bytes: z.number(),
})
export const SnapshotList = z.array(Snapshot)

export const Quarantine = z.strictObject({
  id: z.string(),
  incident: z.string(),
  directory: z.string(),
  at: Time,
  expiresAtMs: z.number(),
  files: z.number().int(),
  bytes: z.number(),
  restored: z.number().int(),
  status: QuarantineStatus,
})

export const WholeQuarantine = Quarantine.extend({
  folder: z.string().nullable().describe('Where the files came from; null when the manifest is gone.'),
  manifest: z.array(z.strictObject({ n: z.number().int(), path: z.string(), size: z.number(), mtimeMs: z.number() })).describe('In order.'),
})

/** As it was written before something was done; what could not be read is absent. */
export const WholeSnapshot = z.looseObject({ id: z.string(), incident: z.string(), attempt: z.number().int(), at: Time })

const Hold = z.strictObject({
  id: z.number().int(),
  incident: z.string(),
  kind: HoldKind,
  group: z.string(),
  pid: z.number().int(),
  startTicks: z.number(),
  bootId: z.string(),
  at: Time,
})
const Escalation = z.strictObject({
  id: z.number().int(),
  incident: z.string(),
  at: Time,
  level: EscalationLevel,
  reason: z.enum(REASONS),
  text: z.string(),
  closedAt: Time.nullable(),
})
export const EscalationList = z.array(Escalation)

export const WholeIncident = Incident.extend({
  snapshots: SnapshotList,
  quarantines: z.array(Quarantine),
  holds: z.array(Hold),
  escalations: EscalationList,
})

export const RollbackReport = z.strictObject({
  incident: z.string(),
  done: z.array(z.string()),
  failed: z.array(z.string()),
  cannot: z.array(z.string()),
})

export const AuditList = z.array(
  z.strictObject({
    seq: z.number().int(),
    at: Time,
    event: z.string(),
    incident: z.string().nullable(),
    text: z.string(),
    data: Data,
    prev: z.string(),
    hash: z.string(),
  }),
)

export const CooldownList = z.array(z.strictObject({ key: z.string(), remainingMs: z.number(), durationMs: z.number() }))

const Pause = z.strictObject({ by: z.string(), at: Time, why: z.string() })
export const PauseState = z.strictObject({
  paused: z.boolean(),
  by: z.string().optional(),
  at: Time.optional(),
  why: z.string().optional(),
})

export const Status = z.strictObject({
  version: z.string(),
  startedAt: Time.nullable().describe('Null when it does not run.'),
  mode: z.enum(MODES).nullable().describe('Null when it does not run.'),
  leader: z.boolean().describe('Whether this remediator is the one of its store that works.'),
  pause: Pause.nullable(),
  incidents: z.record(z.enum(STATUSES), z.number().int()),
  queue: z.strictObject({ alerts: z.number().int(), oldestAt: Time.nullable() }),
  cooldowns: z.number().int(),
  mailsWaiting: z.number().int(),
  audit: z.strictObject({ length: z.number().int(), head: z.string(), intactAtStart: z.boolean() }),
})
export type Status = z.infer<typeof Status>

export const SignInLink = z.strictObject({ path: z.string().describe('Below the address of this remediator.'), expiresAt: Time })

export const Accepted = z.strictObject({ accepted: z.number().int() })
export const OpenApi = z.looseObject({ openapi: z.string() })
