/** Owns what a look whether an action helped can say, and how several such looks become one. */
import type { Incident, Target } from '../model.ts'
import type { StepResult } from '../progress.ts'
import type { Since } from '../services/service-manager.ts'

/** unknown is neither: whoever had to be asked did not answer. */
export type Verdict = 'passed' | 'failed' | 'unknown'

export interface Finding {
  readonly verdict: Verdict
  /** A sentence for people. */
  readonly text: string
}

export interface VerifyContext {
  readonly incident: Incident
  readonly target: Target
  /** What the steps of this attempt did. */
  readonly results: readonly StepResult[]
  /** When the attempt's first step was about to begin. */
  readonly begun: Since
  readonly policy: string
  readonly attempt: number
}

/** One that failed decides; then one that is not known; all have to pass. */
export function together(findings: readonly Finding[]): Verdict {
  if (findings.some((finding) => finding.verdict === 'failed')) return 'failed'
  return findings.some((finding) => finding.verdict === 'unknown') ? 'unknown' : 'passed'
}
