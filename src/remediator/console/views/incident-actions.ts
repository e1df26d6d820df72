/** Owns which buttons an incident's page has: only what can be done in its present state. */
import type { WholeIncident } from '../../incident-view.ts'
import type { OnExpiry } from '../../store/approvals/approval-row.ts'
import { html, type Value } from '../html.ts'
import type { Visit } from '../page.ts'
import { timeAhead } from '../time.ts'
import { actionForm } from './forms.ts'
import { answerForms, subjectOf } from './incident-list.ts'
import { acknowledgeForm } from './layout.ts'

export function incidentActions(incident: WholeIncident, visit: Visit): Value {
  const { id, status, nextAtMs, action, holds, escalations, quarantines, attempts, approvals } = incident
  const isAsked = status === 'awaiting_approval'
  const needsPerson = escalations.some(({ level, closedAt }) => level === 'person' && closedAt === null)
  const question = isAsked ? approvals.find(({ answer }) => answer === null) : undefined
  const isClosed = incident.closedAt !== null
  const canRollBack = isClosed && (attempts > 0 || holds.length > 0 || quarantines.length > 0)
  const forms: Value[] = [
    question && answerForms(incident, question, visit),
    question?.mayStand === true &&
      actionForm(visit, {
        action: `/incidents/${id}/approve`,
        label: 'Approve always',
        description: `Approve always: ${action ?? 'act on'} ${subjectOf(incident)} and do not ask again for this program`,
        hidden: { always: 'yes', approval: String(question.id) },
        question: `From now on ${incident.policy ?? 'this policy'} does not ask again before it acts on this program. Go on?`,
      }),
    question &&
      actionForm(visit, {
        action: `/incidents/${id}/deny`,
        label: 'Deny always',
        description: `Deny always: never ${action ?? 'act on'} ${subjectOf(incident)} and do not ask again for this program`,
        hidden: { always: 'yes', approval: String(question.id) },
        question: `From now on ${incident.policy ?? 'this policy'} leaves this program alone and does not ask. Go on?`,
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
    ${isAsked && nextAtMs !== null && html`<p class="quiet">The question expires ${timeAhead(nextAtMs, visit.nowMs)}; ${afterwards(question?.onExpiry, holds.length > 0)}.</p>`}
  </div>`
}

function afterwards(onExpiry: OnExpiry | undefined, isFrozen: boolean): string {
  if (onExpiry === 'approve') return 'then it is done all the same'
  if (onExpiry === 'leave-frozen') return 'then nothing is done, and what is frozen stays so'
  return isFrozen ? 'then nothing is done, and what is frozen goes on' : 'then nothing is done'
}
