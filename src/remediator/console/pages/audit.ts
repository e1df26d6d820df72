/** Owns the audit trail's page: its entries from the newest back, and whether the chain is whole. */
import { auditEvents, newestAuditEntries } from '../../store/audit/newest-audit-entries.ts'
import type { AuditEntry } from '../../model.ts'
import type { AuditVerification, VerificationState } from '../audit-verification.ts'
import type { ConsoleContext } from '../context.ts'
import { whole } from '../figures.ts'
import { html, type Html, type Value } from '../html.ts'
import { address, parameter, type Page, type Visit } from '../page.ts'
import { exactTime, timeAgo } from '../time.ts'
import { actionForm } from '../views/forms.ts'
import { emptyState } from '../views/incident-list.ts'
import { dataDetails } from '../views/timeline.ts'
import { badge, plainWords } from '../words.ts'

const PAGE_LENGTH = 50

export function auditPage({ database, about }: ConsoleContext, verification: AuditVerification): Page {
  return (visit) => {
    const search = { incident: parameter(visit, 'incident'), event: parameter(visit, 'event'), text: parameter(visit, 'q') }
    const beforeText = parameter(visit, 'before') ?? ''
    const found = newestAuditEntries(database, PAGE_LENGTH, search, /^\d{1,15}$/.test(beforeText) ? Number(beforeText) : undefined)
    const parameters = { q: search.text, event: search.event, incident: search.incident }
    const isFirstPage = beforeText === ''
    const body = html`<h1>Audit trail</h1>
      <p>
        Everything that was noticed, decided and done. Each entry carries the hash of the one before it: what is changed or left out
        afterwards shows.
      </p>
      <div id="verification" data-region>${verificationState(visit, verification.state(), about().auditIntactAtStart)}</div>
      ${filterForm(search, auditEvents(database))}
      <div id="entries" ${isFirstPage && html` data-region`}>
        ${found.entries.length === 0 ? emptyState('Nothing was found.', 'Look for fewer words, or clear the filter.') : entryTable(found.entries, visit)}
        <nav class="pager" aria-label="Older entries">
          ${!isFirstPage && html`<a class="button" href="${address('/audit', parameters)}">Newest</a>`}
          ${
            found.before !== undefined &&
            html`<a class="button" rel="next" href="${address('/audit', { ...parameters, before: String(found.before) })}"
              >${found.entries.length < PAGE_LENGTH ? 'Search further back' : 'Older'}</a
            >`
          }
        </nav>
      </div>`
    return { title: 'Audit trail', section: 'audit', body }
  }
}

function verificationState(visit: Visit, state: VerificationState, intactAtStart: boolean): Html {
  return html`<div class="verification">
    <p>${verdictText(state, intactAtStart, visit.nowMs)}</p>
    ${state.kind !== 'running' && verifyForm(visit)}
  </div>`
}

function verdictText(state: VerificationState, intactAtStart: boolean, nowMs: number): Value {
  const good = badge({ word: 'intact', shape: '✓', tone: 'good' })
  const bad = badge({ word: 'broken', shape: '✕', tone: 'bad' })
  if (state.kind === 'never')
    return intactAtStart ? [good, ' when procwarden started; not verified since.'] : [bad, ' when procwarden started.']
  if (state.kind === 'running')
    return [badge({ word: 'being verified', shape: '◔', tone: 'work' }), ' every entry is read; reload to see the verdict.']
  const ago = timeAgo(new Date(state.atMs).toISOString(), nowMs)
  if (state.kind === 'failed') return [badge({ word: 'not verified', shape: '?', tone: 'bad' }), ' ', ago, `: ${state.why}.`]
  const { length, head, fault } = state.verdict
  if (!fault) return [good, ' verified ', ago, `: ${whole(length)} entries, head `, html`<code>${head.slice(0, 16)}</code>`, '.']
  return [
    bad,
    ' verified ',
    ago,
    `: entry ${fault.seq} in the ${fault.where}: ${fault.what}. The ${whole(length)} entries before are good.`,
  ]
}

/** Reading proves nothing to nobody else: who may read may ask for it. */
function verifyForm(visit: Visit): Value {
  return actionForm({ ...visit, mayAct: true }, { action: '/audit/verify', label: 'Verify now' })
}

function filterForm(
  { incident, event, text }: { incident?: string | undefined; event?: string | undefined; text?: string | undefined },
  events: readonly string[],
): Html {
  return html`<form class="filter" method="get" action="/audit" role="search">
    <label
      ><span class="hidden">Words</span
      ><input type="search" name="q" value="${text ?? ''}" placeholder="words in the entry" maxlength="200"
    /></label>
    <label
      ><span class="hidden">Kind of entry</span
      ><select name="event">
        <option value="">any kind</option>
        ${events.map((each) => html`<option value="${each}" ${each === event && html` selected`}>${plainWords(each)}</option>`)}
      </select></label
    >
    <label
      ><span class="hidden">Incident</span><input name="incident" value="${incident ?? ''}" placeholder="incident" maxlength="100"
    /></label>
    <button type="submit">Filter</button>
    <a class="button" href="/audit">Clear</a>
  </form>`
}

function entryTable(entries: readonly AuditEntry[], { nowMs }: Visit): Html {
  return html`<div class="scroll">
    <table class="list audit">
      <caption class="hidden">
        Entries, newest first
      </caption>
      <thead>
        <tr>
          <th scope="col" class="number">Entry</th>
          <th scope="col">When</th>
          <th scope="col">Kind</th>
          <th scope="col">What</th>
          <th scope="col">Hash</th>
        </tr>
      </thead>
      <tbody>
        ${entries.map(
          ({ seq, at, event, incident, text, data, hash }) =>
            html`<tr>
              <td data-label="Entry" class="number">${seq}</td>
              <td data-label="When">${timeAgo(at, nowMs)}<br /><span class="quiet">${exactTime(at)}</span></td>
              <td data-label="Kind">${plainWords(event)}</td>
              <td class="main">
                <p>${text}</p>
                ${incident !== null && html`<p class="quiet"><a href="/incidents/${incident}">${incident}</a></p>`}
                ${dataDetails(data, `entry-${seq}`)}
              </td>
              <td data-label="Hash"><code title="${hash}">${hash.slice(0, 12)}</code></td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`
}
