/** Owns one incident's page: the sentence first, then what can be done, the evidence, and everything that is known. */
import type { WholeIncident } from '../../incident-view.ts'
import type { EvidenceAnswer } from '../evidence/evidence.ts'
import { figure, timesOf } from '../figures.ts'
import { html, type Html, type Value } from '../html.ts'
import type { Visit } from '../page.ts'
import type { ProcessView } from '../process-view.ts'
import { exactTime, timeAgo } from '../time.ts'
import { badge, plainWords, severityBadge, stateOf } from '../words.ts'
import { adviceSection } from './advice.ts'
import { chartSection } from './chart.ts'
import { diagnosisSection } from './diagnosis.ts'
import { filesSection, type QuarantineShown } from './files.ts'
import { incidentActions } from './incident-actions.ts'
import { questionText, sentenceOf, subjectOf } from './incident-list.ts'
import { factList, processSection } from './process.ts'
import { timelineSection } from './timeline.ts'

export interface IncidentShown {
  readonly incident: WholeIncident
  readonly evidence: EvidenceAnswer
  readonly process: { readonly now: ProcessView | undefined; readonly before: ProcessView | undefined } | undefined
  readonly quarantines: readonly QuarantineShown[]
}

export function incidentView({ incident, evidence, process, quarantines }: IncidentShown, visit: Visit): Html {
  const { nowMs } = visit
  return html`<p class="crumbs"><a href="/">Incidents</a> / <span class="name">${incident.id}</span></p>
    <div id="summary" data-region>
      <h1>${sentenceOf(incident)}</h1>
      <p class="lead">
        ${badge(stateOf(incident))} ${severityBadge(incident.severity)} ${incident.alertname} ·
        <span class="name">${subjectOf(incident)}</span> · ${timeAgo(incident.startedAt, nowMs)}
      </p>
      ${outcome(incident)} ${figures(incident)} ${incidentActions(incident, visit)}
    </div>
    <section aria-labelledby="evidence-title">
      <h2 id="evidence-title">Evidence</h2>
      <div id="evidence" data-region="${evidence.kind === 'drawn' ? 'still' : ''}">${chartSection(evidence, incident.id)}</div>
      ${description(incident)}
    </section>
    ${diagnosisSection(incident)} ${adviceSection(incident.advice, nowMs)}
    <div class="columns">
      <div>${timelineSection(incident.timeline, incident.id, nowMs)}</div>
      <div>
        ${process && processSection(process.now, process.before)} ${filesSection(quarantines, incident.labels['directory'], nowMs)}
        ${detailsSection(incident, nowMs)}
      </div>
    </div>`
}

/** What is asked, or what was done. */
function outcome(incident: WholeIncident): Value {
  const { status, approvals, summary } = incident
  const question = status === 'awaiting_approval' ? approvals.find(({ answer }) => answer === null) : undefined
  if (question) return html`<p class="outcome">${questionText(question)}</p>`
  return summary !== null && summary !== sentenceOf(incident) && html`<p class="outcome">${summary}</p>`
}

function figures({ annotations }: WholeIncident): Value {
  const { current, baseline, threshold, unit = '' } = annotations
  if (current === undefined) return undefined
  const times = timesOf(current, baseline)
  return html`<dl class="figures large">
    <div>
      <dt>When noticed</dt>
      <dd>${figure(current, unit)}</dd>
    </div>
    ${
      baseline !== undefined &&
      html`<div>
        <dt>Normal</dt>
        <dd>${figure(baseline, unit)}</dd>
      </div>`
    }
    ${
      times !== undefined &&
      html`<div>
        <dt>That is</dt>
        <dd>${times} normal</dd>
      </div>`
    }
    ${
      threshold !== undefined &&
      html`<div>
        <dt>Limit</dt>
        <dd>${figure(threshold, unit)}</dd>
      </div>`
    }
  </dl>`
}

function description({ annotations }: WholeIncident): Value {
  const { description: text, runbook_url: runbook } = annotations
  return [
    text !== undefined && html`<p>${text}</p>`,
    // Only what a browser opens as a page: an address from an alert is a stranger's.
    runbook !== undefined && /^https?:\/\//i.test(runbook) && html`<p><a href="${runbook}" rel="noreferrer noopener">Runbook</a></p>`,
  ]
}

function detailsSection(incident: WholeIncident, nowMs: number): Html {
  const { policy, mode, decision, reason, attempts, approvedBy, target, episode, startedAt, receivedAt, resolvedAt, closedAt, holds } =
    incident
  const moment = (iso: string): Value => html`${exactTime(iso)} <span class="quiet">${timeAgo(iso, nowMs)}</span>`
  const facts: Array<readonly [string, Value]> = [
    ['Policy', policy ?? 'none'],
    ['Mode', mode],
    ['Decision', decision && plainWords(decision)],
    ['Reason', reason !== null && reason !== 'none' && plainWords(reason)],
    ['Attempts', attempts > 0 && attempts],
    ['Approved by', approvedBy],
    ['Why this one', target?.evidence],
    ['Confidence', target?.confidence],
    ['Frozen', holds.length > 0 && holds.map(({ group, pid }) => `${group} (pid ${pid})`).join(', ')],
    ['Episode', episode > 1 && `number ${episode} of this alert`],
    ['Began', moment(startedAt)],
    ['Received', moment(receivedAt)],
    ['Alert resolved', resolvedAt === null ? 'not yet' : moment(resolvedAt)],
    ['Closed', closedAt === null ? 'not yet' : moment(closedAt)],
  ]
  const labels = Object.entries(incident.labels).map(([name, value]) => [name, html`<code>${value}</code>`] as const)
  return html`<section id="details" data-region aria-labelledby="details-title">
    <h2 id="details-title">Details</h2>
    ${factList(facts)}
    <details id="labels">
      <summary>labels of the alert</summary>
      ${factList(labels)}
    </details>
  </section>`
}
