/** Owns choosing among the diagnoses: each is examined, the surest is told. Pure. */
import { CONFIDENCES, type Confidence } from '../target.ts'
import { subjectOf, type Case } from './case.ts'
import { confidenceOf, fact, marginOf, type Condition } from './condition.ts'
import type { Diagnosis } from './diagnosis.ts'
import type { DiagnosisRule } from './rule.ts'
import { crashLoop } from './rules/crash-loop.ts'
import { descriptorLeak } from './rules/descriptor-leak.ts'
import { diskThrash } from './rules/disk-thrash.ts'
import { fileFlood } from './rules/file-flood.ts'
import { forkBomb } from './rules/fork-bomb.ts'
import { gradualLeak } from './rules/gradual-leak.ts'
import { hostSaturation } from './rules/host-saturation.ts'
import { infiniteLoop } from './rules/infinite-loop.ts'
import { ioWait } from './rules/io-wait.ts'
import { longRun } from './rules/long-run.ts'
import { memoryNotReleased } from './rules/memory-not-released.ts'
import { slowDependency } from './rules/slow-dependency.ts'
import { suddenAllocation } from './rules/sudden-allocation.ts'
import { threadExplosion } from './rules/thread-explosion.ts'
import { writeLoop } from './rules/write-loop.ts'
import { zombieParent } from './rules/zombie-parent.ts'

/** Of two that are equally sure, the one that comes first: the narrower before the wider. */
const RULES: readonly DiagnosisRule[] = [
  forkBomb,
  writeLoop,
  fileFlood,
  crashLoop,
  threadExplosion,
  descriptorLeak,
  suddenAllocation,
  gradualLeak,
  memoryNotReleased,
  zombieParent,
  longRun,
  ioWait,
  diskThrash,
  slowDependency,
  infiniteLoop,
  hostSaturation,
]

interface Candidate {
  readonly diagnosis: Diagnosis
  readonly isTold: boolean
  readonly margin: number
}

/** Always one: `unknown`, with what the alert says, when nothing fits. */
export function diagnose(subject: Case): Diagnosis {
  const candidates = RULES.flatMap((rule) => candidateOf(rule, subject) ?? [])
  const best = candidates.toSorted(
    (a, b) =>
      // What the alert speaks of is what was asked; something else the program also does must be beyond doubt.
      Number(b.isTold) - Number(a.isTold) || rankOf(b.diagnosis.confidence) - rankOf(a.diagnosis.confidence) || b.margin - a.margin,
  )
  const told = best.find(({ isTold }) => isTold)
  const other = best.find(({ isTold }) => !isTold)
  if (told && (rankOf(told.diagnosis.confidence) > 0 || other?.diagnosis.confidence !== 'high')) return told.diagnosis
  return (other && rankOf(other.diagnosis.confidence) > 0 ? other.diagnosis : undefined) ?? told?.diagnosis ?? unknown(subject)
}

function candidateOf(rule: DiagnosisRule, subject: Case): Candidate | undefined {
  const { name: alertname } = subject.alert
  const isTold = rule.alerts.includes(alertname)
  if (!subject.hasMetrics)
    return isTold && rule.alerts[0] === alertname ? { diagnosis: fromAlert(rule, subject), isTold, margin: 1 } : undefined
  const examination = rule.examine(subject)
  if (examination === undefined) return undefined
  const conditions = isTold ? [...examination.conditions, fact(true, `The alert ${alertname} speaks of it.`)] : examination.conditions
  const confidence = confidenceOf(conditions)
  // What could not be told by its own conditions is believed only where the alert speaks of it.
  if (confidence === undefined || (confidence === 'low' && !isTold)) return undefined
  const { explanation, action = rule.action, isCritical = rule.isCritical } = examination
  return {
    diagnosis: {
      name: rule.name,
      is_critical: isCritical && confidence !== 'low',
      root_cause: rule.rootCause,
      confidence,
      recommended_action: action,
      explanation,
      evidence: conditions.map(evidenceOf),
      source: 'metrics',
      at: isoOf(subject),
    },
    isTold,
    margin: marginOf(conditions),
  }
}

function evidenceOf({ text, held, isRequired }: Condition): Diagnosis['evidence'][number] {
  return { text, held, isRequired }
}

function fromAlert(rule: DiagnosisRule, subject: Case): Diagnosis {
  return {
    ...unknown(subject),
    name: rule.name,
    root_cause: rule.rootCause,
    recommended_action: rule.action,
    explanation: `${subjectOf(subject)}: ${rule.rootCause}, as the alert ${subject.alert.name} says. ${missing(subject)}`,
  }
}

function unknown(subject: Case): Diagnosis {
  const { alert } = subject
  const { current, threshold, unit = '' } = alert.annotations
  const figures =
    current === undefined
      ? ''
      : ` It stands at ${current} ${unit}`.trimEnd() + (threshold === undefined ? '.' : `; ${threshold} is what it may.`)
  return {
    name: 'unknown',
    is_critical: false,
    root_cause: 'not known',
    confidence: 'low',
    recommended_action: 'notify',
    explanation: `No known kind of misbehaviour fits ${subjectOf(subject)}.${figures} ${subject.hasMetrics ? 'A person has to look.' : missing(subject)}`,
    evidence: [fact(true, `The alert ${alert.name} fires.`)].map(evidenceOf),
    source: subject.hasMetrics ? 'metrics' : 'alert',
    at: isoOf(subject),
  }
}

function missing({ missing: why = 'There are no metrics of it.' }: Case): string {
  return `${why} This is from the alert alone.`
}

function isoOf({ nowSeconds }: Case): string {
  return new Date(nowSeconds * 1000).toISOString()
}

/** 0 for low. */
export function rankOf(confidence: Confidence): number {
  return CONFIDENCES.indexOf(confidence)
}
