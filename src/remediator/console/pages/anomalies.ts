/** Owns the page of anomalies: what is out of order now, measured against its normal, and how often what was met before. */
import { anomalyHistory, type AnomalyHistory } from '../../store/incidents/anomaly-history.ts'
import { listCurrentIncidents } from '../../store/incidents/list-current-incidents.ts'
import { diagnosisOf } from '../../store/diagnoses.ts'
import type { Diagnosis } from '../../diagnosis/diagnosis.ts'
import type { Incident } from '../../model.ts'
import type { ConsoleContext } from '../context.ts'
import { growthOf } from '../evidence/growth.ts'
import { createPrometheus } from '../../prometheus.ts'
import { figureOf, shortFigure, timesOf, whole } from '../figures.ts'
import { html, type Html } from '../html.ts'
import type { Page, Visit } from '../page.ts'
import { timeAgo } from '../time.ts'
import { emptyState, subjectOf } from '../views/incident-list.ts'
import { badge, plainWords, severityBadge, stateOf } from '../words.ts'

const CURRENT_MAX = 100
const HISTORY_MAX = 200
const HISTORY_MS = 30 * 86_400_000

/** What a diagnosis says of an incident, where there is one. */
type CauseOf = (incident: Incident) => Diagnosis | undefined

export function anomaliesPage({ database, prometheus }: ConsoleContext): Page {
  return async (visit) => {
    const current = listCurrentIncidents(database, CURRENT_MAX).filter(({ resolvedAt }) => resolvedAt === null)
    const peer = prometheus()
    const growth = await growthOf(current, peer && createPrometheus(peer))
    const history = anomalyHistory(database, new Date(visit.nowMs - HISTORY_MS).toISOString(), HISTORY_MAX)
    const body = html`<h1>Anomalies</h1>
      <section aria-labelledby="current-title">
        <h2 id="current-title">Out of order now</h2>
        <div id="current" data-region>
          ${
            current.length === 0
              ? emptyState('Everything is within its normal.', [
                  'What counts as normal, the rules say: ',
                  html`<code>procwarden rules list</code>`,
                ])
              : currentTable(current, growth, (incident) => diagnosisOf(database, incident.id), visit)
          }
        </div>
      </section>
      <section aria-labelledby="history-title">
        <h2 id="history-title">Met within 30 days</h2>
        <div id="history" data-region>
          ${history.length === 0 ? emptyState('Nothing yet.', 'Each alert of each program gets a line here once it has fired.') : historyTable(history, visit)}
        </div>
      </section>`
    return { title: 'Anomalies', section: 'anomalies', body }
  }
}

function currentTable(current: readonly Incident[], growth: ReadonlyMap<string, number>, causeOf: CauseOf, { nowMs }: Visit): Html {
  return html`<div class="scroll">
    <table class="list">
      <caption class="hidden">
        Anomalies whose alert fires
      </caption>
      <thead>
        <tr>
          <th scope="col">Program</th>
          <th scope="col">Anomaly</th>
          <th scope="col" class="number">Current</th>
          <th scope="col" class="number">Baseline</th>
          <th scope="col" class="number">Growth</th>
          <th scope="col">Root cause</th>
          <th scope="col">Recommended</th>
          <th scope="col">State</th>
        </tr>
      </thead>
      <tbody>
        ${current.map((incident) => {
          const { id, alertname, severity, annotations, action, startedAt } = incident
          const { current: value, baseline, unit = '' } = annotations
          const times = timesOf(value, baseline)
          const rate = growth.get(id)
          const cause = causeOf(incident)
          return html`<tr>
            <td class="main"><a class="name" href="/incidents/${id}">${subjectOf(incident)}</a></td>
            <td data-label="Anomaly">
              ${severityBadge(severity)} ${alertname}<br /><span class="quiet">${timeAgo(startedAt, nowMs)}</span>
            </td>
            <td data-label="Current" class="number">
              ${value !== undefined && shortFigure(value, unit)}${times !== undefined && html`<br /><span class="quiet">${times} normal</span>`}
            </td>
            <td data-label="Baseline" class="number">${baseline !== undefined && shortFigure(baseline, unit)}</td>
            <td data-label="Growth" class="number">
              ${rate === undefined ? '-' : `${rate > 0 ? '+' : ''}${figureOf(rate, unit)} a minute`}
            </td>
            <td data-label="Root cause" class="words">${cause === undefined ? '-' : plainWords(cause.root_cause)}</td>
            <td data-label="Recommended">${cause === undefined ? (action ?? '-') : plainWords(cause.recommended_action)}</td>
            <td data-label="State">${badge(stateOf(incident))}</td>
          </tr>`
        })}
      </tbody>
    </table>
  </div>`
}

function historyTable(history: readonly AnomalyHistory[], { nowMs }: Visit): Html {
  return html`<div class="scroll">
    <table class="list">
      <caption class="hidden">
        How often which anomaly was met
      </caption>
      <thead>
        <tr>
          <th scope="col">Program</th>
          <th scope="col">Anomaly</th>
          <th scope="col" class="number">Times</th>
          <th scope="col">Last</th>
          <th scope="col">First</th>
          <th scope="col">Last ended</th>
        </tr>
      </thead>
      <tbody>
        ${history.map(
          ({ subject, alertname, episodes, firstAt, lastAt, lastId, lastOutcome }) =>
            html`<tr>
              <td class="main name">${subject === '' ? 'this machine' : subject}</td>
              <td data-label="Anomaly">${alertname}</td>
              <td data-label="Times" class="number"><a href="/?q=${encodeURIComponent(alertname)}">${whole(episodes)}</a></td>
              <td data-label="Last"><a href="/incidents/${lastId}">${timeAgo(lastAt, nowMs)}</a></td>
              <td data-label="First">${timeAgo(firstAt, nowMs)}</td>
              <td data-label="Last ended">${lastOutcome === null ? 'not yet' : plainWords(lastOutcome)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`
}
