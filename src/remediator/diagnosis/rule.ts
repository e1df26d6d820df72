/** Owns the contract of a diagnosis: one kind of misbehaviour, the conditions by which it is known, and the words for it. */
import type { ActionName } from '../vocabulary.ts'
import type { Case } from './case.ts'
import type { Condition } from './condition.ts'
import type { DiagnosisName } from './diagnosis.ts'

export interface Examination {
  readonly conditions: readonly Condition[]
  /** Sentences, once it is that. */
  readonly explanation: string
  /** Where it depends on who it is. */
  readonly action?: ActionName
  readonly isCritical?: boolean
}

export interface DiagnosisRule {
  readonly name: DiagnosisName
  /** A few words for people. */
  readonly rootCause: string
  readonly isCritical: boolean
  readonly action: ActionName
  /** Alerts that speak of it: then it is thought of first, and believed a little, even when nothing else can be told. */
  readonly alerts: readonly string[]
  /** Undefined: there is nothing to judge it by. */
  examine(subject: Case): Examination | undefined
}
