/** Owns how entries of the audit trail are told: when, what, and the figures on demand. */
import type { TimelineEntry } from '../../incident-view.ts'
import { html, type Html } from '../html.ts'
import { exactTime, timeAgo } from '../time.ts'
import { plainWords } from '../words.ts'

const DATA_LENGTH_MAX = 4_000

export function timelineSection(timeline: readonly TimelineEntry[], incidentId: string, nowMs: number): Html {
  return html`<section id="timeline" data-region aria-labelledby="timeline-title">
    <div class="head">
      <h2 id="timeline-title">Timeline</h2>
      <a href="/audit?incident=${incidentId}">in the audit trail</a>
    </div>
    <ol class="timeline">
      ${timeline.map(
        (entry, index) =>
          html`<li>
            <p class="quiet">
              <span class="event">${plainWords(entry.event)}</span> ${exactTime(entry.at).slice(11)} · ${timeAgo(entry.at, nowMs)}
            </p>
            <p>${entry.text}</p>
            ${dataDetails(entry.data, `entry-${index}`)}
          </li>`,
      )}
    </ol>
  </section>`
}

export function dataDetails(data: Readonly<Record<string, unknown>>, id: string): Html | undefined {
  if (Object.keys(data).length === 0) return undefined
  const text = JSON.stringify(data, null, 1)
  return html`<details id="${id}">
    <summary>figures</summary>
    <pre tabindex="0">${text.length > DATA_LENGTH_MAX ? `${text.slice(0, DATA_LENGTH_MAX)}\n(cut)` : text}</pre>
  </details>`
}
