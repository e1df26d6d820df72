/**
 * Owns the judgement of an attempt: did the symptom go away? Then it is done. Not yet: it is looked at again. No: the next attempt,
 * and when none is left the incident is handed on. Not known: neither the one nor the other.
 */
import type { Clock } from '../../lib/clock.ts'
import { assert } from '../../lib/errors.ts'
import { hasFailed } from '../actions/action.ts'
import { nameOf, type ActionName, type Outcome, type Reason } from '../model.ts'
import type { Verification } from '../policies/verification.ts'
import type { Progress, StepResult } from '../progress.ts'
import { end, type Ending, type Stage, type StageResult, type Subject } from '../stage.ts'
import type { Since } from '../services/service-manager.ts'
import type { Database } from '../store/database.ts'
import { resetCooldown } from '../store/intents.ts'
import { together, type Finding, type Verdict } from '../verification/verdict.ts'
import { verifySymptom, type VerifyTools } from '../verification/verify-symptom.ts'

export interface VerifyOptions extends VerifyTools {
  readonly database: Database
  readonly clock: Clock
  /** Told of each attempt's final verdict. */
  readonly onVerdict: (policy: string, verdict: Verdict) => void
}

const LOOK_AGAIN_MS = 1_000
/** Whoever could not be asked is asked again until then. */
const UNKNOWN_MS_MAX = 600_000
const UNKNOWN_AGAIN_MS = 5_000
/** Doubled with each attempt. */
const RETRY_MS = 1_000
/** Another attempt would meet the same. */
const HOPELESS: ReadonlySet<Reason> = new Set(['permission_denied', 'unsupported'])

export function verify(options: VerifyOptions): Stage {
  return {
    name: 'verify',
    deadlineMs: 2 * 3_600_000,
    run: async (subject, signal) => {
      const { policy, target, progress, incident } = subject
      assert(policy && target && progress?.verifyFrom, 'verify runs after act')
      const { attempt, results, begun, verifyFrom } = progress
      const context = { incident, target, results, begun: sinceOf(begun), policy: policy.name, attempt }
      const findings: Finding[] = []
      let isEarly = false
      const elapsedMs = elapsedSince(verifyFrom, options.clock)
      const failedStep = results.find(hasFailed)
      for (const verification of policy.verify) {
        const finding = await verifySymptom(verification, context, options, signal)
        findings.push(finding)
        // What a failed step did not do will not show up later either.
        if (finding.verdict === 'failed' && failedStep === undefined && elapsedMs < verification.within_seconds * 1000) isEarly = true
      }
      const verdict = together(findings)
      if (verdict === 'failed' && isEarly && !hasFinallyFailed(policy.verify, findings, elapsedMs))
        return lookAgain(subject, progress, findings, LOOK_AGAIN_MS, 'none', options.clock)
      if (verdict === 'unknown' && elapsedMs < UNKNOWN_MS_MAX)
        return lookAgain(subject, progress, findings, UNKNOWN_AGAIN_MS, 'verify_unknown', options.clock)
      options.onVerdict(policy.name, verdict)
      if (verdict === 'passed') return passed(subject, progress, findings, options)
      if (verdict === 'unknown') return unknown(subject, progress, findings)
      return failed(subject, progress, findings, options.clock)
    },
  }
}

function sinceOf({ wallMs, bootId, ms }: Progress['begun']): Since {
  return { wallMs, boot: { bootId, ms } }
}

/** On the boot clock; after a reboot nothing of what was waited for can still come. */
function elapsedSince(from: NonNullable<Progress['verifyFrom']>, clock: Clock): number {
  const now = clock.boot()
  return now.bootId === from.bootId ? now.ms - from.ms : Infinity
}

function hasFinallyFailed(verifications: readonly Verification[], findings: readonly Finding[], elapsedMs: number): boolean {
  return verifications.some(
    (verification, index) => findings[index]?.verdict === 'failed' && elapsedMs >= verification.within_seconds * 1000,
  )
}

function lookAgain(
  subject: Subject,
  progress: Progress,
  findings: readonly Finding[],
  afterMs: number,
  reason: Reason,
  clock: Clock,
): StageResult {
  const texts = textsOf(findings.filter((finding) => finding.verdict !== 'passed'))
  return end(
    { ...subject, progress },
    {
      event: 'verifying',
      text: texts,
      status: 'deferred',
      decision: 'act',
      reason,
      outcome: null,
      nextAtMs: clock.nowMs() + afterMs,
      progress,
    },
  )
}

function passed(subject: Subject, progress: Progress, findings: readonly Finding[], { database, clock }: VerifyOptions): StageResult {
  const { outcome, action, reason } = standingFor(progress.results)
  const { cooldownKey } = subject
  return end(
    { ...subject, progress },
    {
      event: 'verified',
      text: `${textsOf(progress.results)} ${textsOf(findings)}`,
      status: 'done',
      decision: 'act',
      reason,
      outcome: outcome === 'failed' ? 'unknown' : outcome,
      ...(action === undefined ? {} : { action }),
      data: { findings: findings.map((finding) => ({ ...finding })), attempt: progress.attempt },
      within: () => {
        // After a cooldown the first success lets the counting begin anew.
        if (cooldownKey !== undefined && outcome !== 'target_gone') resetCooldown(database, cooldownKey, clock.boot())
      },
    },
  )
}

function unknown(subject: Subject, progress: Progress, findings: readonly Finding[]): StageResult {
  return end(
    { ...subject, progress },
    {
      event: 'verify.unknown',
      text: `${textsOf(progress.results)} Whether it helped could not be found out. ${textsOf(findings)}`,
      status: 'done',
      decision: 'act',
      reason: 'verify_unknown',
      outcome: 'unknown',
      data: { findings: findings.map((finding) => ({ ...finding })), attempt: progress.attempt },
      escalate: true,
    },
  )
}

function failed(subject: Subject, progress: Progress, findings: readonly Finding[], clock: Clock): StageResult {
  const { policy, target } = subject
  assert(policy && target, 'verify runs after act')
  const failedStep = progress.results.find(hasFailed)
  const reason = failedStep?.reason ?? 'verify_failed'
  const why = `${textsOf(progress.results)} ${textsOf(findings.filter((finding) => finding.verdict === 'failed'))}`
  const data = { findings: findings.map((finding) => ({ ...finding })), attempt: progress.attempt }
  if (progress.attempt < policy.attempts && !HOPELESS.has(reason)) {
    const ending: Ending = {
      event: 'attempt.failed',
      text: `Attempt ${progress.attempt} of ${policy.attempts} did not help. ${why}`,
      status: 'deferred',
      decision: 'act',
      reason,
      outcome: 'failed',
      nextAtMs: clock.nowMs() + RETRY_MS * 2 ** (progress.attempt - 1),
      data,
    }
    return end({ ...subject, progress }, ending)
  }
  const text = progress.attempt > 1 ? `${progress.attempt} attempts on ${nameOf(target)} did not help. ${why}` : why
  return end(
    { ...subject, progress },
    { event: 'verified', text, status: 'done', decision: 'act', reason, outcome: 'failed', data, escalate: true },
  )
}

const WEIGHT: readonly Outcome[] = ['killed', 'restarted', 'quarantined', 'reaped', 'executed', 'frozen', 'thawed', 'target_gone']

/** The result that an incident is remembered by. */
function standingFor(results: readonly StepResult[]): { outcome: Outcome; reason: Reason; action: ActionName | undefined } {
  const done = results.toSorted((a, b) => rank(a) - rank(b))[0]
  return { outcome: done?.outcome ?? 'unknown', reason: done?.reason ?? 'none', action: done?.action }
}

function rank({ outcome }: StepResult): number {
  const at = WEIGHT.indexOf(outcome)
  return at < 0 ? WEIGHT.length : at
}

function textsOf(items: ReadonlyArray<{ readonly text: string }>): string {
  return items.map((item) => item.text).join(' ')
}
