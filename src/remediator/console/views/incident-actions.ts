/** Owns which buttons an incident's page has: only what can be done in its present state. */
import type { WholeIncident } from '../../incident-view.ts'
import { html, type Value } from '../html.ts'
import type { Visit } from '../page.ts'
import { timeAhead } from '../time.ts'
import { actionForm } from './forms.ts'
import { answerForms, subjectOf } from './incident-list.ts'
import { acknowledgeForm } from './layout.ts'

export function incidentActions(incident: WholeIncident, visit: Visit): Value {
  const { id, status, nextAtMs, action, holds, escalations, quarantines, attempts } = incident
  const isAsked = status === 'awaiting_approval'
  const needsPerson = escalations.some(({ level, closedAt }) => level === 'person' && closedAt === null)
  const isClosed = incident.closedAt !== null
  const canRollBack = isClosed && (attempts > 0 || holds.length > 0 || quarantines.length > 0)
  const forms: Value[] = [
    isAsked && answerForms(incident, visit),
    isAsked &&
      actionForm(visit, {
        action: `/incidents/${id}/approve`,
        label: 'Approve always',
        description: `Approve always: ${action ?? 'act on'} ${subjectOf(incident)} and do not ask again for this program`,
        hidden: { always: 'yes' },
        question: `From now on ${incident.policy ?? 'this policy'} does not ask again before it acts on this program. Go on?`,
      }),
    holds.length > 0 &&
      actionForm(visit, { action: `/incidents/${id}/thaw`, label: 'Thaw', description: `Thaw: let ${subjectOf(incident)} go on` }),
    canRollBack &&
      actionForm(visit, {
        action: `/incidents/${id}/rollback`,
        label: 'Roll back',
        description: 'Roll back: undo what can be undone of this incident',
        question: 'Frozen processes go on, moved files and saved paths are put back. Go on?',
      }),
    needsPerson && acknowledgeForm(visit, id),
  ]
  if (!forms.some(Boolean)) return undefined
  if (!visit.mayAct) return isAsked && html`<p class="quiet">It waits for a person who may act. You may only read.</p>`
  return html`<div class="actions" role="group" aria-label="What can be done">
    ${forms}
    ${isAsked && nextAtMs !== null && html`<p class="quiet">The question expires ${timeAhead(nextAtMs, visit.nowMs)}; then nothing is done${holds.length > 0 && ', and what is frozen goes on'}.</p>`}
  </div>`
}
