/** Owns the part of an incident's page about its process. */
import { whole } from '../figures.ts'
import { html, type Html, type Value } from '../html.ts'
import type { ProcessView } from '../process-view.ts'

export function processSection(now: ProcessView | undefined, before: ProcessView | undefined): Html {
  return html`<section id="process" data-region aria-labelledby="process-title">
    <h2 id="process-title">Process</h2>
    ${now ? details(now, 'As it is now') : html`<p>It is gone: no process has this pid and start time any more.</p>`}
    ${before && details(before, 'As it was before anything was done')}
  </section>`
}

function details({ facts, openFiles, openFilesCount, when }: ProcessView, title: string): Html {
  return html`<h3>${title}</h3>
    ${factList(facts)}
    ${
      openFilesCount > 0 &&
      html`<details id="open-files-${when}">
        <summary>${whole(openFilesCount)} open files</summary>
        <ul class="paths">
          ${openFiles.map((file) => html`<li><code>${file}</code></li>`)}
        </ul>
        ${openFilesCount > openFiles.length && html`<p class="quiet">and ${whole(openFilesCount - openFiles.length)} more</p>`}
      </details>`
    }`
}

/** Facts without a value are left out. */
export function factList(facts: ReadonlyArray<readonly [name: string, value: Value]>): Html {
  return html`<dl class="facts">
    ${facts
      .filter(([, value]) => value !== undefined && value !== null && value !== false && value !== '')
      .map(
        ([name, value]) =>
          html`<div>
            <dt>${name}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
  </dl>`
}
