/** Owns the part of an incident's page about its cause: the diagnosis with its evidence, and what happened before in similar cases. */
import { z } from 'zod'
import { html, type Value } from '../html.ts'
import { exactTime } from '../time.ts'
import { badge, plainWords } from '../words.ts'
import { factList } from './process.ts'

const DiagnosisShown = z.looseObject({
  is_critical: z.boolean(),
  root_cause: z.string(),
  confidence: z.string(),
  recommended_action: z.string(),
  explanation: z.string(),
  evidence: z.array(z.unknown()).default([]),
})

const SimilarShown = z.array(
  z.looseObject({ id: z.string(), startedAt: z.string().optional(), outcome: z.string().nullish(), summary: z.string().nullish() }),
)

const EVIDENCE_MAX = 20
const SIMILAR_MAX = 10

/** Nothing where an incident has neither. */
export function diagnosisSection(incident: object): Value {
  const diagnosis = 'diagnosis' in incident ? DiagnosisShown.safeParse(incident.diagnosis).data : undefined
  const similar = 'similar' in incident ? SimilarShown.safeParse(incident.similar).data : undefined
  if (diagnosis === undefined && (similar === undefined || similar.length === 0)) return undefined
  return html`<section id="diagnosis" data-region aria-labelledby="diagnosis-title">
    <h2 id="diagnosis-title">Diagnosis</h2>
    ${diagnosis && diagnosisBody(diagnosis)} ${similar && similar.length > 0 && similarList(similar)}
  </section>`
}

function diagnosisBody(diagnosis: z.infer<typeof DiagnosisShown>): Value {
  const { is_critical: isCritical, root_cause: cause, confidence, recommended_action: recommended, explanation, evidence } = diagnosis
  const words = evidence.slice(0, EVIDENCE_MAX).map((each) => (typeof each === 'string' ? each : JSON.stringify(each)))
  return [
    html`<p>${explanation}</p>`,
    factList([
      ['Root cause', plainWords(cause)],
      ['Critical', isCritical ? badge({ word: 'yes', shape: '▲', tone: 'bad' }) : 'no'],
      ['Confidence', confidence],
      ['Recommended', plainWords(recommended)],
    ]),
    words.length > 0 &&
      html`<ul>
        ${words.map((word) => html`<li>${word}</li>`)}
      </ul>`,
  ]
}

function similarList(similar: z.infer<typeof SimilarShown>): Value {
  return html`<h3>Similar before</h3>
    <ul>
      ${similar.slice(0, SIMILAR_MAX).map(
        ({ id, startedAt, outcome, summary }) =>
          html`<li>
            <a href="/incidents/${id}">${startedAt === undefined ? id : exactTime(startedAt)}</a>
            ${outcome && plainWords(outcome)}${summary && [': ', summary]}
          </li>`,
      )}
    </ul>`
}
