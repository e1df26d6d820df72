/** Owns the part of an incident's page about the advisor: what it was asked, what it answered, and what became of that. */
import type { Advice } from '../../store/advice.ts'
import { html, type Html, type Value } from '../html.ts'
import { exactTime, timeAgo } from '../time.ts'
import { plainWords } from '../words.ts'
import { factList } from './process.ts'

const SHOWN_LENGTH_MAX = 20_000

/** Nothing where no advisor was asked. */
export function adviceSection(advice: readonly Advice[], nowMs: number): Value {
  if (advice.length === 0) return undefined
  return html`<section id="advice" data-region aria-labelledby="advice-title">
    <h2 id="advice-title">Advisor</h2>
    ${advice.map((one) => exchange(one, nowMs))}
  </section>`
}

function exchange(
  { id, at, by, purpose, status, verdict, why, answer, chosen, outcome, request, answerText, latencyMs }: Advice,
  nowMs: number,
): Html {
  const asked = purpose === 'choice' ? 'what may be tried' : 'for an opinion'
  return html`<div class="card">
    <p class="quiet">Asked ${asked}${by !== null && [' by ', by]} ${exactTime(at)} · ${timeAgo(at, nowMs)}</p>
    ${answer && html`<p>${answer.explanation}</p>`}
    ${factList([
      ['Answer', status === 'waiting' ? 'not yet' : verdict && plainWords(verdict)],
      ['Why', why],
      ['Root cause', answer?.root_cause],
      ['Confidence', answer?.confidence],
      ['Recommended', answer && plainWords(answer.recommended_action)],
      ['Tried', chosen?.action],
      ['Outcome of that', outcome && plainWords(outcome)],
      ['Took', latencyMs !== null && `${(latencyMs / 1000).toFixed(1)} s`],
    ])}
    ${request && words(`advice-${id}-request`, `what ${request.model} was told`, `${request.system}\n\n${request.user}`)}
    ${answerText !== null && words(`advice-${id}-answer`, 'its answer as it came', answerText)}
  </div>`
}

function words(id: string, title: string, text: string): Html {
  return html`<details id="${id}">
    <summary>${title}</summary>
    <pre tabindex="0">${text.length > SHOWN_LENGTH_MAX ? `${text.slice(0, SHOWN_LENGTH_MAX)}\n(cut)` : text}</pre>
  </details>`
}
