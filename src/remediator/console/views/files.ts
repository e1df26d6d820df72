/** Owns the part of an incident's page about files: which were moved out of the way, and how they come back. */
import type { ManifestEntry } from '../../quarantine/manifest.ts'
import type { QuarantineRow } from '../../store/quarantines/quarantine-row.ts'
import { bytes, whole } from '../figures.ts'
import { html, type Html, type Value } from '../html.ts'
import { timeAhead } from '../time.ts'
import { factList } from './process.ts'

export interface QuarantineShown {
  readonly row: QuarantineRow
  readonly folder: string | undefined
  readonly files: readonly ManifestEntry[]
}

export function filesSection(quarantines: readonly QuarantineShown[], directory: string | undefined, nowMs: number): Value {
  if (quarantines.length === 0 && directory === undefined) return undefined
  return html`<section id="files" data-region aria-labelledby="files-title">
    <h2 id="files-title">Files</h2>
    ${directory !== undefined && html`<p>The folder is <code>${directory}</code>.</p>`}
    ${quarantines.length === 0 && html`<p>No file was moved.</p>`} ${quarantines.map((each) => quarantine(each, nowMs))}
  </section>`
}

function quarantine({ row, folder, files }: QuarantineShown, nowMs: number): Html {
  const { id, restored, status, expiresAtMs } = row
  return html`<h3>Quarantine ${id}</h3>
    ${factList([
      ['Moved', `${whole(row.files)} files, ${bytes(row.bytes)}`],
      ['From', folder],
      ['Put back', restored === 0 ? 'none' : `${whole(restored)} of ${whole(row.files)}`],
      ['State', status],
      ['Kept until', status === 'open' ? timeAhead(expiresAtMs, nowMs) : undefined],
    ])}
    ${
      files.length > 0 &&
      html`<details id="quarantine-${id}">
        <summary>its files</summary>
        <ul class="paths">
          ${files.map((file) => html`<li><code>${file.path}</code> <span class="quiet">${bytes(file.size)}</span></li>`)}
        </ul>
        ${row.files > files.length && html`<p class="quiet">and ${whole(row.files - files.length)} more</p>`}
      </details>`
    }`
}
