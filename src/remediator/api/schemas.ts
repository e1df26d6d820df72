/** Owns the shapes of the API's answers, by the names that the OpenAPI document gives them. */
import { z } from 'zod'
import { Diagnosis } from '../diagnosis/diagnosis.ts'
import { SimilarIncident } from '../diagnosis/similar-incidents.ts'
import { CheckFigures, CheckResult as CheckRun } from '../checks/result.ts'
import { CHECK_KINDS } from '../checks/definition.ts'
import { ACTIONS, DECISIONS, MODES, OUTCOMES, REASONS, STATUSES } from '../model.ts'
import { Progress } from '../progress.ts'
import { Answer, How, OnExpiry } from '../store/approvals/approval-row.ts'
import { EscalationLevel } from '../store/escalations/escalation-row.ts'
import { HoldKind } from '../store/holds/hold-row.ts'
import { QuarantineStatus } from '../store/quarantines/quarantine-row.ts'
import { VERDICTS } from '../advisor/answer.ts'
import { AdviceBody, AdvicePurpose, AdviceStatus } from '../store/advice/advice-row.ts'
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
  closedBy: z.string().nullable().describe('Who acknowledged it.'),
  closedHow: How.nullable(),
})
export const EscalationList = z.array(Escalation)

const Approval = z.strictObject({
  id: z.number().int(),
  incident: z.string(),
  attempt: z.number().int().describe('An answer is good for this attempt only.'),
  policy: z.string(),
  action: z.string().describe('What would be done, in words.'),
  program: z.string(),
  target: z.string().describe('To what exactly.'),
  why: z.string().describe('Why one is asked.'),
  frozen: z.number().int().describe('So many processes are stopped while the question is open.'),
  onExpiry: OnExpiry.describe('What happens when nobody answers in time.'),
  mayStand: z.boolean().describe('Whether a yes can be said once and for all.'),
  askedAt: Time,
  expiresAt: Time,
  answer: Answer.nullable().describe('Null while it is open.'),
  answeredAt: Time.nullable(),
  answeredBy: z.string().nullable(),
  answeredHow: How.nullable(),
})
export const ApprovalList = z.array(Approval)

export const RememberedApproval = z.strictObject({
  id: z.number().int(),
  policy: z.string(),
  group: z.string(),
  action: z.string(),
  answer: z.enum(['approve', 'deny']),
  standing: z.boolean().describe('Counts wherever one would be asked, not only under a policy that asks the first time.'),
  by: z.string(),
  how: How,
  incident: z.string(),
  at: Time,
})
export const RememberedApprovalList = z.array(RememberedApproval)

export const HumanAlertList = z.array(
  z.strictObject({
    incident: z.string(),
    at: Time,
    reason: z.enum(REASONS),
    text: z.string(),
    alertname: z.string(),
    severity: z.string(),
    about: z.string().describe('The program, folder or service.'),
    told: z.number().int().describe('How often people have been told.'),
    file: z.string().nullable().describe('Its file in the state folder.'),
  }),
)

export const Decided = Incident.extend({ remembered: z.boolean().describe('Whether the same is not asked again from now on.') })

export const Advice = z.strictObject({
  id: z.number().int(),
  incident: z.string(),
  purpose: AdvicePurpose.describe('choice: its answer may be tried. opinion: it is only told.'),
  at: Time,
  status: AdviceStatus,
  askedAt: Time.nullable(),
  latencyMs: z.number().nullable(),
  tokens: z.number(),
  verdict: z.enum(VERDICTS).nullable().describe('What became of the answer.'),
  chosen: z
    .looseObject({ action: z.enum(ACTIONS) })
    .nullable()
    .describe('The step that was tried.'),
  outcome: z.enum(OUTCOMES).nullable().describe('What the trial gave.'),
  ...AdviceBody.shape,
})

export const WholeIncident = Incident.extend({
  approvals: ApprovalList,
  advice: z.array(Advice),
  snapshots: SnapshotList,
  quarantines: z.array(Quarantine),
  holds: z.array(Hold),
  escalations: EscalationList,
  diagnosis: Diagnosis.nullable(),
  similar: z.array(SimilarIncident),
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

export const Watchdog = z.strictObject({
  checks: z
    .strictObject({
      passed: z.number().int(),
      failing: z.array(z.string()),
      drifting: z.array(z.string()),
      notTried: z.array(z.string()),
      lastAt: Time.nullable(),
      hasBaseline: z.boolean(),
    })
    .nullable()
    .describe('Null when no remediator runs.'),
  actionsOfAnHour: z
    .strictObject({ acted: z.number().int(), failed: z.number().int(), failedRatio: z.number().nullable() })
    .describe('Incidents closed within the last hour that something was done about, and those of them that it did not help.'),
  firing: z
    .array(z.strictObject({ alertname: z.string(), since: Time, summary: z.string() }))
    .describe('Alerts about checks and remediation that fire now.'),
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
  humanAlerts: z.number().int().describe('Calls for a person that nobody has acknowledged.'),
  watchdog: Watchdog,
  audit: z.strictObject({ length: z.number().int(), head: z.string(), intactAtStart: z.boolean() }),
})
export type Status = z.infer<typeof Status>

export const SignInLink = z.strictObject({ path: z.string().describe('Below the address of this remediator.'), expiresAt: Time })
export const CheckResult = CheckRun
export const CheckHistory = z.array(CheckRun)
export const CheckList = z.array(
  z.strictObject({
    name: z.string(),
    kind: z.enum(CHECK_KINDS),
    program: z.string().nullable(),
    everySeconds: z.number(),
    last: CheckRun.nullable().describe('Null when it never ran.'),
    healthy: CheckFigures.nullable().describe('What procwarden checks baseline saved; null when it did not.'),
  }),
)

export const Accepted = z.strictObject({ accepted: z.number().int() })
export const OpenApi = z.looseObject({ openapi: z.string() })
