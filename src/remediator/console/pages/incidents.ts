/** Owns the first page: what waits for a person, what goes on, and what was, with a filter and pages. */
import { OUTCOMES, type Incident, type Outcome } from '../../model.ts'
import { viewOpenApprovals, type ApprovalView } from '../../people-view.ts'
import { listCurrentIncidents } from '../../store/incidents/list-current-incidents.ts'
import type { PageMark } from '../../store/incidents/list-incidents.ts'
import { searchIncidents, type FoundIncidents, type IncidentSearch } from '../../store/incidents/search-incidents.ts'
import type { ConsoleContext } from '../context.ts'
import { html, type Html, type Value } from '../html.ts'
import { address, parameter, type Page, type PageContent, type Visit } from '../page.ts'
import { emptyState, incidentTable, questionCard } from '../views/incident-list.ts'

const PAGE_LENGTH = 50
const CURRENT_MAX = 100

const HANDLED: readonly Outcome[] = ['killed', 'frozen', 'thawed', 'restarted', 'quarantined', 'reaped', 'executed']
const FAILED: readonly Outcome[] = ['failed', 'unknown']

const SHOWN = {
  all: { title: 'all', search: {} },
  waiting: { title: 'waiting for you', search: { statuses: ['awaiting_approval'] } },
  work: { title: 'in work', search: { statuses: ['queued', 'deferred'] } },
  handled: { title: 'handled', search: { outcomes: HANDLED } },
  failed: { title: 'failed or unknown', search: { outcomes: FAILED } },
  left: {
    title: 'left alone',
    search: { outcomes: OUTCOMES.filter((outcome) => !HANDLED.includes(outcome) && !FAILED.includes(outcome)) },
  },
} as const satisfies Readonly<Record<string, { title: string; search: IncidentSearch }>>

interface Filter {
  readonly text: string | undefined
  readonly show: keyof typeof SHOWN
  readonly severity: string | undefined
  readonly after: PageMark | undefined
}

export function incidentsPage({ database }: ConsoleContext): Page {
  return (visit): PageContent => {
    const filter = filterOf(visit)
    const { text, show, severity, after } = filter
    const isFiltered = text !== undefined || show !== 'all' || severity !== undefined
    const found = searchIncidents(database, PAGE_LENGTH, { text, severity, isOver: !isFiltered, ...SHOWN[show].search }, after)
    const current = isFiltered || after !== undefined ? undefined : listCurrentIncidents(database, CURRENT_MAX)
    const body = html`<h1 class="hidden">Incidents</h1>
      ${current && currentSections(current, viewOpenApprovals(database), visit)}
      <section aria-labelledby="before-title">
        <div class="head">
          <h2 id="before-title">${isFiltered ? 'Found' : 'Before'}</h2>
          ${filterForm(filter)}
        </div>
        <div id="before" data-region>${foundIncidents(found, filter, isFiltered, visit)}</div>
      </section>`
    return { title: 'Incidents', section: 'incidents', body }
  }
}

function currentSections(current: readonly Incident[], questions: readonly ApprovalView[], visit: Visit): Value {
  const waiting = current.filter(({ status }) => status === 'awaiting_approval')
  const others = current.filter(({ status }) => status !== 'awaiting_approval')
  return html`<div id="now" data-region>
    ${
      waiting.length > 0 &&
      html`<section aria-labelledby="waiting-title">
        <h2 id="waiting-title">Waiting for your answer</h2>
        ${waiting.map((incident) =>
          questionCard(
            incident,
            questions.find((question) => question.incident === incident.id),
            visit,
          ),
        )}
      </section>`
    }
    <section aria-labelledby="now-title">
      <h2 id="now-title">Now</h2>
      ${
        others.length > 0
          ? incidentTable(others, visit, 'Incidents that are not over')
          : emptyState(waiting.length > 0 ? 'Nothing else goes on.' : 'All is quiet.', [
              'An incident appears here by itself as soon as an alert fires. To see one on purpose: ',
              html`<code>procwarden demo file-storm</code>`,
            ])
      }
    </section>
  </div>`
}

function filterForm({ text, show, severity }: Filter): Html {
  const option = (value: string, title: string, chosen: string): Html =>
    html`<option value="${value}" ${value === chosen && html` selected`}>${title}</option>`
  return html`<form class="filter" method="get" action="/" role="search">
    <label
      ><span class="hidden">Program, alert, pid or words</span
      ><input type="search" name="q" value="${text ?? ''}" placeholder="program, alert, pid or words" maxlength="200"
    /></label>
    <label
      ><span class="hidden">Which</span
      ><select name="show">
        ${Object.entries(SHOWN).map(([value, { title }]) => option(value, title, show))}
      </select></label
    >
    <label
      ><span class="hidden">Severity</span
      ><select name="severity">
        ${option('', 'any severity', severity ?? '')} ${['critical', 'warning', 'info'].map((each) => option(each, each, severity ?? ''))}
      </select></label
    >
    <button type="submit">Filter</button>
    <a class="button" href="/">Clear</a>
  </form>`
}

function foundIncidents(found: FoundIncidents, filter: Filter, isFiltered: boolean, visit: Visit): Value {
  const { incidents, next } = found
  const parameters = { q: filter.text, show: filter.show === 'all' ? undefined : filter.show, severity: filter.severity }
  const nextAddress = next && address('/', { ...parameters, after: `${next.receivedAt}~${next.id}` })
  const isSearchCut = next !== undefined && incidents.length < PAGE_LENGTH
  return [
    incidents.length > 0
      ? incidentTable(incidents, visit, isFiltered ? 'Incidents that were found' : 'Incidents that are over')
      : emptyState(
          isFiltered ? 'Nothing was found.' : 'Nothing is over yet.',
          isFiltered ? 'Look for fewer words, or clear the filter.' : 'What was handled and has resolved moves here.',
        ),
    html`<nav class="pager" aria-label="Older incidents">
      ${filter.after && html`<a class="button" href="${address('/', parameters)}">Newest</a>`}
      ${nextAddress !== undefined && html`<a class="button" rel="next" href="${nextAddress}">${isSearchCut ? 'Search further back' : 'Older'}</a>`}
    </nav>`,
  ]
}

function filterOf(visit: Visit): Filter {
  const show = parameter(visit, 'show')
  const [receivedAt, id] = parameter(visit, 'after')?.split('~') ?? []
  return {
    text: parameter(visit, 'q'),
    show: isShown(show) ? show : 'all',
    severity: parameter(visit, 'severity'),
    after: receivedAt !== undefined && id !== undefined ? { receivedAt, id } : undefined,
  }
}

function isShown(text: string | undefined): text is keyof typeof SHOWN {
  return text !== undefined && Object.hasOwn(SHOWN, text)
}
