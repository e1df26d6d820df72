/** Owns how incidents are listed: one line each, with what is most needed to judge it; the line leads to the whole. */
import { nameOf, type Incident } from '../../model.ts'
import type { ApprovalView } from '../../people-view.ts'
import { shortFigure, timesOf } from '../figures.ts'
import { html, type Html, type Value } from '../html.ts'
import type { Visit } from '../page.ts'
import { spanText, timeAgo, timeAhead } from '../time.ts'
import { badge, severityBadge, stateOf } from '../words.ts'
import { actionForm } from './forms.ts'

/** What the alert said; an alert of somebody else's may have no sentence. */
export function sentenceOf({ annotations, alertname }: Incident): string {
  return annotations['summary'] ?? annotations['description'] ?? `${alertname} fires`
}

/** What it is about: the exact process once that is known, else what the alert names. */
export function subjectOf({ target, labels }: Incident): string {
  if (target) return nameOf(target)
  const { group, pid } = labels
  if (group !== undefined) return pid === undefined ? group : `${group} (pid ${pid})`
  const name = ['service', 'probe', 'directory', 'mountpoint', 'device', 'instance'].find((label) => labels[label] !== undefined)
  return name === undefined ? 'this machine' : `${name} ${labels[name] ?? ''}`
}

export function incidentTable(incidents: readonly Incident[], visit: Visit, caption: string): Html {
  return html`<div class="scroll">
    <table class="list">
      <caption class="hidden">
        ${caption}
      </caption>
      <thead>
        <tr>
          <th scope="col">State</th>
          <th scope="col">What happened</th>
          <th scope="col">Program</th>
          <th scope="col" class="number">Current</th>
          <th scope="col" class="number">Normal</th>
          <th scope="col">Since</th>
        </tr>
      </thead>
      <tbody>
        ${incidents.map((incident) => row(incident, visit))}
      </tbody>
    </table>
  </div>`
}

function row(incident: Incident, visit: Visit): Html {
  const { id, annotations, alertname, severity, startedAt, closedAt, resolvedAt, summary } = incident
  const { current, baseline, unit = '' } = annotations
  const stillFires = closedAt !== null && resolvedAt === null
  return html`<tr>
    <td data-label="State">${badge(stateOf(incident))}${stillFires && html` <br /><span class="quiet">alert still firing</span>`}</td>
    <td class="main">
      <a href="/incidents/${id}">${sentenceOf(incident)}</a>
      <p class="quiet">
        ${severityBadge(severity)} ${alertname}${summary !== null && summary !== sentenceOf(incident) && [' · ', summary]}
      </p>
    </td>
    <td data-label="Program" class="name">${subjectOf(incident)}</td>
    <td data-label="Current" class="number">${current !== undefined && shortFigure(current, unit)}${timesText(current, baseline)}</td>
    <td data-label="Normal" class="number">${baseline !== undefined && shortFigure(baseline, unit)}</td>
    <td data-label="Since" class="when">
      ${timeAgo(startedAt, visit.nowMs)}${
        resolvedAt !== null &&
        html` <br /><span class="quiet">for ${spanText(Math.max(0, Date.parse(resolvedAt) - Date.parse(startedAt)))}</span>`
      }
    </td>
  </tr>`
}

function timesText(current: string | undefined, baseline: string | undefined): Value {
  const times = timesOf(current, baseline)
  return times !== undefined && html` <br /><span class="quiet">${times} normal</span>`
}

/** What a person is asked, with the answers. */
export function questionCard(incident: Incident, question: ApprovalView | undefined, visit: Visit): Html {
  const { id, summary, nextAtMs } = incident
  return html`<article class="card ask" aria-labelledby="ask-${id}">
    <div>
      <h3 id="ask-${id}"><a href="/incidents/${id}">${sentenceOf(incident)}</a></h3>
      <p>${question ? questionText(question) : summary}</p>
      <p class="quiet">
        ${severityBadge(incident.severity)}
        ${timeAgo(incident.startedAt, visit.nowMs)}${nextAtMs !== null && [' · the question expires ', timeAhead(nextAtMs, visit.nowMs)]}
      </p>
    </div>
    <div class="buttons">${question && answerForms(incident, question, visit)}</div>
  </article>`
}

export function questionText({ action, target, why, frozen }: ApprovalView): Html {
  const meanwhile = frozen > 0 ? ' It is frozen until you answer, and nothing of it is lost.' : ''
  return html`<strong>${capital(action)} <span class="name">${target}</span>?</strong> You are asked because ${why}.${meanwhile}`
}

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`
}

/** Each sends the question that is shown, so that the answer counts for no other. */
export function answerForms(incident: Incident, question: Pick<ApprovalView, 'id'>, visit: Visit): Value {
  const { id, action } = incident
  const hidden = { approval: String(question.id) }
  const what = `${action ?? 'act on'} ${subjectOf(incident)}`
  return [
    actionForm(visit, { action: `/incidents/${id}/approve`, label: 'Approve', tone: 'primary', description: `Approve: ${what}`, hidden }),
    actionForm(visit, { action: `/incidents/${id}/deny`, label: 'Deny', description: `Deny: do not ${what}`, hidden }),
  ]
}

export function emptyState(title: string, next: Value): Html {
  return html`<div class="empty">
    <p><strong>${title}</strong></p>
    <p>${next}</p>
  </div>`
}
