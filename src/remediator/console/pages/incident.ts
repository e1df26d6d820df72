/** Owns gathering one incident's page: the store, /proc, snapshots, manifests and the evidence out of Prometheus. */
import { viewWholeIncident, type WholeIncident } from '../../incident-view.ts'
import { readManifest } from '../../quarantine/manifest.ts'
import { getIncident } from '../../store/incidents/get-incident.ts'
import type { ConsoleContext } from '../context.ts'
import type { EvidenceReader } from '../evidence/read-evidence.ts'
import { html } from '../html.ts'
import type { PageContent, Visit } from '../page.ts'
import { processInSnapshot, processNow } from '../process-view.ts'
import type { QuarantineShown } from '../views/files.ts'
import { emptyState, sentenceOf } from '../views/incident-list.ts'
import { incidentView, type IncidentShown } from '../views/incident.ts'

const FILES_SHOWN = 100
const QUARANTINES_SHOWN = 10

export async function incidentPage(id: string, visit: Visit, context: ConsoleContext, readEvidence: EvidenceReader): Promise<PageContent> {
  const known = getIncident(context.database, id)
  if (!known) return missingIncident(id)
  const incident = viewWholeIncident(context.database, known)
  const evidence = await readEvidence(known, incident.timeline)
  const shown: IncidentShown = { incident, evidence, process: processOf(incident, context), quarantines: quarantinesOf(incident) }
  return { title: sentenceOf(incident), section: 'incidents', body: incidentView(shown, visit), hasChart: true }
}

function processOf({ target, snapshots }: WholeIncident, { procfs }: ConsoleContext): IncidentShown['process'] {
  if (target?.kind !== 'process') return undefined
  const [first] = snapshots
  return { now: processNow(target, procfs), before: first && processInSnapshot(first) }
}

function quarantinesOf({ quarantines }: WholeIncident): QuarantineShown[] {
  return quarantines.slice(0, QUARANTINES_SHOWN).map((row) => {
    const manifest = row.status === 'expired' ? undefined : readManifest(row.directory)
    return { row, folder: manifest?.header.folder, files: manifest?.entries.slice(0, FILES_SHOWN) ?? [] }
  })
}

function missingIncident(id: string): PageContent {
  return {
    title: 'No such incident',
    section: 'incidents',
    status: 404,
    body: html`<h1>There is no such incident</h1>
      ${emptyState(id, ['Closed incidents are removed after some time; ', html`<a href="/audit?incident=${id}">the audit trail</a>`, ' still knows what happened.'])}`,
  }
}
