/** Owns the page of what is left alone for a while because too much was done to it. */
import { listCooldowns } from '../../store/intents/list-cooldowns.ts'
import type { ConsoleContext } from '../context.ts'
import { html } from '../html.ts'
import type { Page } from '../page.ts'
import { spanText, timeAhead } from '../time.ts'
import { emptyState } from '../views/incident-list.ts'

export function cooldownsPage({ database, clock }: ConsoleContext): Page {
  return ({ nowMs }) => {
    const cooldowns = listCooldowns(database, clock.boot())
    const body = html`<h1>Cooldowns</h1>
      <p>
        A program on which a policy acted too often in a short time is left alone for a while. What an alert asks for meanwhile is done when
        that is over.
      </p>
      <div id="cooldowns" data-region>
        ${
          cooldowns.length === 0
            ? emptyState('Nothing cools down.', [
                'How often is too often, each policy says: see ',
                html`<a href="/policies">the policies</a>`,
                '.',
              ])
            : html`<div class="scroll">
                <table class="list">
                  <caption class="hidden">
                    What cools down, the longest first
                  </caption>
                  <thead>
                    <tr>
                      <th scope="col">What</th>
                      <th scope="col">Ends</th>
                      <th scope="col">Left</th>
                      <th scope="col" class="number">In all</th>
                    </tr>
                  </thead>
                  <tbody>
                    ${cooldowns.map(
                      ({ key, remainingMs, durationMs }) =>
                        html`<tr>
                          <td class="main name">${key}</td>
                          <td data-label="Ends">${timeAhead(nowMs + remainingMs, nowMs)}</td>
                          <td data-label="Left">
                            <progress max="${durationMs}" value="${remainingMs}" aria-label="left of ${key}"></progress>
                          </td>
                          <td data-label="In all" class="number">${spanText(durationMs)}</td>
                        </tr>`,
                    )}
                  </tbody>
                </table>
              </div>`
        }
      </div>`
    return { title: 'Cooldowns', section: 'cooldowns', body }
  }
}
