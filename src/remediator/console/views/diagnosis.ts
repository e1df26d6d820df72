/** Owns the part of an incident's page about its cause: the diagnosis with its evidence, and what happened before in similar cases. */
import type { Diagnosis, EvidenceItem } from '../../diagnosis/diagnosis.ts'
import type { SimilarIncident } from '../../diagnosis/similar-incidents.ts'
import type { WholeIncident } from '../../incident-view.ts'
import { html, type Html, type Value } from '../html.ts'
import { exactTime } from '../time.ts'
import { badge, plainWords } from '../words.ts'
import { factList } from './process.ts'

const EVIDENCE_MAX = 20

/** Nothing where an incident has neither. */
export function diagnosisSection({ diagnosis, similar }: Pick<WholeIncident, 'diagnosis' | 'similar'>): Value {
  if (diagnosis === null && similar.length === 0) return undefined
  return html`<section id="diagnosis" data-region aria-labelledby="diagnosis-title">
    <h2 id="diagnosis-title">Diagnosis</h2>
    ${diagnosis && diagnosisBody(diagnosis)} ${similar.length > 0 && similarList(similar)}
  </section>`
}

function diagnosisBody({
  is_critical: isCritical,
  root_cause: cause,
  confidence,
  recommended_action: recommended,
  explanation,
  evidence,
}: Diagnosis): Value {
  return [
    html`<p>${explanation}</p>`,
    factList([
      ['Root cause', plainWords(cause)],
      ['Critical', isCritical ? badge({ word: 'yes', shape: '▲', tone: 'bad' }) : 'no'],
      ['Confidence', confidence],
      ['Recommended', plainWords(recommended)],
    ]),
    evidence.length > 0 &&
      html`<ul>
        ${evidence.slice(0, EVIDENCE_MAX).map(evidenceItem)}
      </ul>`,
  ]
}

/** What it says by a sign it says in words as well. */
function evidenceItem({ text, held }: EvidenceItem): Html {
  const sign = held === null ? ['?', 'could not be told'] : held ? ['✓', 'is so'] : ['✗', 'is not so']
  return html`<li><span title="${sign[1] ?? ''}">${sign[0] ?? ''}</span> ${text}</li>`
}

function similarList(similar: readonly SimilarIncident[]): Value {
  return html`<h3>Similar before</h3>
    <ul>
      ${similar.map(
        ({ id, receivedAt, outcome, summary, held }) =>
          html`<li>
            <a href="/incidents/${id}">${exactTime(receivedAt)}</a>
            ${outcome && plainWords(outcome)}${held !== null && [', ', held ? 'and that held' : 'and it came back']}${summary && [': ', summary]}
          </li>`,
      )}
    </ul>`
}
