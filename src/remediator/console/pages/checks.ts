/** Owns the page of the synthetic checks: how each last went, against its healthy figures, and how it went before. */
import type { CheckState } from '../../checks/keeper.ts'
import type { CheckFigures, CheckOutcome, CheckResult } from '../../checks/result.ts'
import { inMs } from '../../checks/words.ts'
import { listCheckRuns } from '../../store/check-runs.ts'
import type { ConsoleContext } from '../context.ts'
import { figureOf } from '../figures.ts'
import { html, type Html, type Value } from '../html.ts'
import type { Page, Visit } from '../page.ts'
import { spanText, timeAgo } from '../time.ts'
import { actionForm } from '../views/forms.ts'
import { emptyState } from '../views/incident-list.ts'
import { badge, plainWords, type Word } from '../words.ts'

const RUNS_MAX = 50

const OUTCOMES: Readonly<Record<CheckOutcome, Word>> = {
  passed: { word: 'passed', shape: '✓', tone: 'good' },
  failed: { word: 'failed', shape: '✕', tone: 'bad' },
  timed_out: { word: 'timed out', shape: '✕', tone: 'bad' },
  skipped: { word: 'skipped', shape: '○', tone: 'calm' },
}

export function checksPage({ checks, database }: ConsoleContext): Page {
  return (visit) => {
    const states = checks().states()
    const runs = listCheckRuns(database, RUNS_MAX).filter(({ outcome, drift }) => outcome !== 'passed' || drift.length > 0)
    const body = html`<h1>Checks</h1>
      <p>
        What procwarden tries by itself, to find faults before people do. One that fails raises an alert; healthy figures are saved with
        <code>procwarden checks baseline</code>.
      </p>
      <div id="checks" data-region>
        ${states.length === 0 ? emptyState('No check is configured.', 'They are listed below checks in the configuration.') : checkTable(states, visit)}
      </div>
      <section aria-labelledby="runs-title">
        <h2 id="runs-title">What did not pass lately</h2>
        <div id="runs" data-region>
          ${runs.length === 0 ? emptyState('Nothing.', `Of the last ${RUNS_MAX} runs all passed, and none drifts.`) : runTable(runs, visit)}
        </div>
      </section>`
    return { title: 'Checks', section: 'checks', body }
  }
}

function checkTable(states: readonly CheckState[], visit: Visit): Html {
  return html`<div class="scroll">
    <table class="list">
      <caption class="hidden">
        The checks, in the order of the configuration
      </caption>
      <thead>
        <tr>
          <th scope="col">Check</th>
          <th scope="col">State</th>
          <th scope="col">Last</th>
          <th scope="col" class="number">Measured</th>
          <th scope="col" class="number">Healthy</th>
          <th scope="col" class="number">Every</th>
          ${visit.mayAct && html`<th scope="col"><span class="hidden">Run it</span></th>`}
        </tr>
      </thead>
      <tbody>
        ${states.map((state) => checkRow(state, visit))}
      </tbody>
    </table>
  </div>`
}

function checkRow({ definition, everySeconds, last, healthy }: CheckState, visit: Visit): Html {
  const { name, kind } = definition
  return html`<tr>
    <td class="main">
      <span class="name">${name}</span> <span class="quiet">${kind}</span>
      ${last && html`<p class="quiet">${[last.text, ...last.drift].join(' ')}</p>`}
    </td>
    <td data-label="State">${last ? badge(OUTCOMES[last.outcome]) : 'not run yet'}</td>
    <td data-label="Last" class="when">${last && timeAgo(last.at, visit.nowMs)}</td>
    <td data-label="Measured" class="number">${last && figures(last.figures)}</td>
    <td data-label="Healthy" class="number">${healthy && figures(healthy)}</td>
    <td data-label="Every" class="number">${spanText(everySeconds * 1000)}</td>
    ${
      visit.mayAct &&
      html`<td>
        ${actionForm(visit, { action: `/checks/${encodeURIComponent(name)}/run`, label: 'Run', description: `Run the check ${name} now` })}
      </td>`
    }
  </tr>`
}

/** The figure that tells most: how long it takes, else how much it holds. */
function figures({ latencyP95Seconds: p95, memoryGrowthBytesPerHour: growth, memoryBytes: memory }: CheckFigures): Value {
  if (p95 !== undefined) return `p95 ${inMs(p95)}`
  if (growth !== undefined) return `${figureOf(growth, 'bytes')} an hour`
  return memory !== undefined && figureOf(memory, 'bytes')
}

function runTable(runs: readonly CheckResult[], { nowMs }: Visit): Html {
  return html`<div class="scroll">
    <table class="list">
      <caption class="hidden">
        Runs that did not pass or that drift, newest first
      </caption>
      <thead>
        <tr>
          <th scope="col">Check</th>
          <th scope="col">State</th>
          <th scope="col">When</th>
          <th scope="col">Because</th>
        </tr>
      </thead>
      <tbody>
        ${runs.map(
          ({ check, outcome, at, trigger, text, drift }) =>
            html`<tr>
              <td class="main">
                <span class="name">${check}</span>
                <p class="quiet">${[text, ...drift].join(' ')}</p>
              </td>
              <td data-label="State">${badge(OUTCOMES[outcome])}</td>
              <td data-label="When">${timeAgo(at, nowMs)}</td>
              <td data-label="Because">${plainWords(trigger)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`
}
