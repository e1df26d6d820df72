/** Owns the page of the policies in force: what is done about which alert, in which mode and within which bounds. */
import { listRememberedApprovals } from '../../store/first-approvals/list-remembered-approvals.ts'
import type { RememberedApproval } from '../../store/first-approvals/first-approval-row.ts'
import { isActing, type Policy } from '../../policies/policy.ts'
import { ladderText } from '../../policies/words.ts'
import type { ConsoleContext, PolicyInForce } from '../context.ts'
import { html, type Html, type Value } from '../html.ts'
import type { Page, Visit } from '../page.ts'
import { spanText, timeAgo } from '../time.ts'
import { actionForm } from '../views/forms.ts'
import { emptyState } from '../views/incident-list.ts'
import { factList } from '../views/process.ts'
import { modeMeaning, plainWords } from '../words.ts'

const LISTED_MAX = 100

export function policiesPage(context: ConsoleContext): Page {
  return (visit) => {
    const policies = context.policies()
    const { deny, allow } = context.lists()
    const body = html`<h1>Policies</h1>
      <p>
        The first policy whose matchers all fit an alert decides. They are read from the configuration file; a reload takes changes over.
      </p>
      <ol class="policies">
        ${policies.map(card)}
      </ol>
      ${rememberedSection(visit, listRememberedApprovals(context.database))}
      <section aria-labelledby="lists-title">
        <h2 id="lists-title">Never touched</h2>
        <p>Pid 1, kernel threads, init, sshd, dbus and procwarden's own programs, whatever is configured.</p>
        ${factList([
          ['Besides, by configuration', names(deny, 'none')],
          ['Only these may be touched', names(allow, 'no such list: any other program may')],
        ])}
      </section>`
    return { title: 'Policies', section: 'policies', body }
  }
}

function card({ policy, mode }: PolicyInForce): Html {
  const { name, ladder, risk, tier } = policy
  const acts = isActing(ladder)
  const facts: Array<readonly [string, Value]> = [
    ['For alerts with', policy.match.map((matcher) => html`<code>${matcher}</code> `)],
    ['Asks a person', acts && asks(policy, mode)],
    ['Acts from', acts && `${policy.confidence} confidence on`],
    ['Attempts', acts && `${policy.attempts}, then handed on to: ${policy.escalate.join(', then ') || 'nobody'}`],
    ['Cooldown', acts && cooldownText(policy)],
    ['Caps', acts && capsText(policy)],
    ['Helped when', acts && policy.verify.map(({ kind }) => plainWords(kind.replaceAll('-', ' '))).join(', and ')],
    ['Maintenance', policy.maintenance.length > 0 && `${policy.maintenance.length} windows in which nothing is done`],
    ['Risk', `${risk}; tier ${tier}`],
  ]
  return html`<li class="card">
    <h2><span class="name">${name}</span> <span class="quiet">${ladderText(ladder)}</span></h2>
    <p>${acts ? html`<strong>${mode}</strong>: ${modeMeaning(mode)}` : 'It tells a person, whatever the mode.'}</p>
    ${factList(facts)}
  </li>`
}

function asks({ approval, while_waiting: meanwhile }: Policy, mode: PolicyInForce['mode']): string {
  const then = meanwhile === 'nothing' ? '' : '; meanwhile a process that would be ended is frozen'
  if (mode === 'confirm') return `always, for the mode is confirm${then}`
  return {
    never: 'never, unless its risk is above what may go unasked',
    'first-time': `the first time for each program${then}`,
    always: `always${then}`,
  }[approval]
}

function cooldownText({ cooldown }: Policy): string {
  const { max, window_seconds: window, duration_seconds: duration } = cooldown
  return `after more than ${max} attempts in ${spanText(window * 1000)}, for ${spanText(duration * 1000)}`
}

function capsText({ caps }: Policy): string {
  return Object.entries(caps)
    .map(([of, cap]) => `${of}: ${cap.max} in ${spanText(cap.window_seconds * 1000)}`)
    .join('; ')
}

function rememberedSection(visit: Visit, remembered: readonly RememberedApproval[]): Html {
  const rest = remembered.length - LISTED_MAX
  return html`<section id="remembered" data-region aria-labelledby="remembered-title">
    <h2 id="remembered-title">Answered once and for all</h2>
    ${
      remembered.length === 0
        ? emptyState(
            'Nothing is remembered.',
            'A question that is answered with "always", or for the first time where a policy asks only then, is kept here and can be taken back.',
          )
        : html`<ul>
            ${remembered.slice(0, LISTED_MAX).map((each) => rememberedCard(visit, each))}
          </ul>`
    }
    ${rest > 0 && html`<p class="quiet">and ${rest} more: procwarden approvals lists them</p>`}
  </section>`
}

function rememberedCard(visit: Visit, { id, policy, group, action, answer, by, how, at, incident }: RememberedApproval): Html {
  return html`<li class="card row">
    <p>
      <strong>${policy}</strong> ${answer === 'approve' ? 'may' : 'may not'} ${action} <span class="name">${group}</span> without asking.
      <span class="quiet">${by} (${how}) said so ${timeAgo(at, visit.nowMs)}, in <a href="/incidents/${incident}">this incident</a>.</span>
    </p>
    ${actionForm(visit, { action: `/remembered/${id}/revoke`, label: 'Take back', description: `Take back: ask again before ${policy} acts on ${group}` })}
  </li>`
}

function names(list: readonly string[], otherwise: string): Value {
  if (list.length === 0) return otherwise
  const rest = list.length - LISTED_MAX
  return [list.slice(0, LISTED_MAX).map((name) => html`<code>${name}</code> `), rest > 0 && `and ${rest} more`]
}
