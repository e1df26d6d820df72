/** Owns the page of the policies in force: what is done about which alert, in which mode and within which bounds. */
import type { Policy } from '../../policies/policy.ts'
import { ladderText } from '../../policies/words.ts'
import type { ConsoleContext, PolicyInForce } from '../context.ts'
import { html, type Html, type Value } from '../html.ts'
import type { Page } from '../page.ts'
import { spanText } from '../time.ts'
import { factList } from '../views/process.ts'
import { modeMeaning, plainWords } from '../words.ts'

const LISTED_MAX = 100

export function policiesPage(context: ConsoleContext): Page {
  return () => {
    const policies = context.policies()
    const { deny, allow } = context.lists()
    const body = html`<h1>Policies</h1>
      <p>
        The first policy whose matchers all fit an alert decides. They are read from the configuration file; a reload takes changes over.
      </p>
      <ol class="policies">
        ${policies.map(card)}
      </ol>
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
  const facts: Array<readonly [string, Value]> = [
    ['For alerts with', policy.match.map((matcher) => html`<code>${matcher}</code> `)],
    ['Asks a person', asks(policy, mode)],
    ['Acts from', `${policy.confidence} confidence on`],
    ['Attempts', `${policy.attempts}, then handed on to: ${policy.escalate.join(', then ') || 'nobody'}`],
    ['Cooldown', cooldownText(policy)],
    ['Caps', capsText(policy)],
    ['Helped when', policy.verify.map(({ kind }) => plainWords(kind.replaceAll('-', ' '))).join(', and ')],
    ['Maintenance', policy.maintenance.length > 0 && `${policy.maintenance.length} windows in which nothing is done`],
    ['Risk', `${risk}; tier ${tier}`],
  ]
  return html`<li class="card">
    <h2><span class="name">${name}</span> <span class="quiet">${ladderText(ladder)}</span></h2>
    <p><strong>${mode}</strong>: ${modeMeaning(mode)}</p>
    ${factList(facts.filter(([, value]) => value !== false && value !== ''))}
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

function names(list: readonly string[], otherwise: string): Value {
  if (list.length === 0) return otherwise
  const rest = list.length - LISTED_MAX
  return [list.slice(0, LISTED_MAX).map((name) => html`<code>${name}</code> `), rest > 0 && `and ${rest} more`]
}
