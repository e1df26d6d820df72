/** Owns a diagnosis in lines of text, for mails and terminals. What comes from outside is made printable by whoever prints it. */
import type { Diagnosis } from './diagnosis.ts'

const EVIDENCE_MAX = 8

/** Empty without one. The first line is the headline. */
export function diagnosisText(diagnosis: Diagnosis | undefined): string[] {
  if (diagnosis === undefined) return []
  const { root_cause: cause, confidence, recommended_action: action, explanation, evidence } = diagnosis
  return [
    `Diagnosis: ${cause} (confidence ${confidence}); recommended: ${action}`,
    explanation,
    ...evidence.slice(0, EVIDENCE_MAX).map(({ text, held }) => `${held === true ? '+' : held === false ? '-' : '?'} ${text}`),
  ]
}
