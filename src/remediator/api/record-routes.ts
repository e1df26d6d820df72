/** Owns the routes about what is kept: the audit trail, snapshots and quarantines. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { readManifest } from '../quarantine/manifest.ts'
import { listAuditEntries } from '../store/audit/list-audit-entries.ts'
import { getIncident } from '../store/incidents/get-incident.ts'
import { getQuarantine } from '../store/quarantines/get-quarantine.ts'
import { getSnapshot } from '../store/snapshots/get-snapshot.ts'
import { snapshotsOf } from '../store/snapshots/snapshots-of.ts'
import type { ApiContext } from './context.ts'
import { defineRoute, notFound, type Route } from './route.ts'

const PAGE_MAX = 1_000
const Time = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text).toISOString())
  .optional()
const AuditQuery = z.strictObject({
  incident: z.string().max(100).optional().describe('Only the timeline of this incident.'),
  event: z.string().max(100).optional().describe('Only entries of this kind.'),
  since: Time.describe('At or after this moment.'),
  until: Time.describe('Before this moment.'),
  after: z.coerce.number().int().min(0).default(0).describe('Only entries with a greater seq; the Link header has it.'),
  limit: z.coerce.number().int().min(1).max(PAGE_MAX).default(PAGE_MAX),
})

const ManifestQuery = z.strictObject({
  after: z.coerce.number().int().min(0).default(0).describe('Only files with a greater n.'),
  limit: z.coerce.number().int().min(1).max(PAGE_MAX).default(PAGE_MAX),
})

export function recordRoutes(context: ApiContext): Route[] {
  return [auditRoute(context), snapshotsRoute(context), snapshotRoute(context), quarantineRoute(context)]
}

function auditRoute({ database }: ApiContext): Route {
  return defineRoute(
    {
      method: 'get',
      path: '/api/audit',
      scope: 'read',
      summary: 'Entries of the audit trail in order, with their hashes. The Link header leads to the next page.',
      query: AuditQuery,
      answers: { 200: { what: 'A page of entries.', schema: 'AuditList' } },
    },
    ({ query }) => {
      const { limit, after, ...filter } = query
      const page = listAuditEntries(database, limit, filter, after)
      const last = page.at(-1)
      if (!last || page.length < limit) return { status: 200, body: page }
      const parameters = new URLSearchParams({ limit: String(limit), after: String(last.seq) })
      for (const [key, value] of Object.entries(filter)) if (value !== undefined) parameters.set(key, value)
      return { status: 200, body: page, headers: { Link: `</api/audit?${parameters.toString()}>; rel="next"` } }
    },
  )
}

function snapshotsRoute({ database }: ApiContext): Route {
  return defineRoute(
    {
      method: 'get',
      path: '/api/incidents/:id/snapshots',
      scope: 'read',
      summary: 'Snapshots that were taken before something was done, oldest first.',
      answers: {
        200: { what: 'The index of the snapshots.', schema: 'SnapshotList' },
        404: { what: 'There is no such incident.', schema: 'Error' },
      },
    },
    ({ id }) => (getIncident(database, id) ? { status: 200, body: snapshotsOf(database, id) } : notFound('incident')),
  )
}

function quarantineRoute({ database }: ApiContext): Route {
  return defineRoute(
    {
      method: 'get',
      path: '/api/quarantines/:id',
      scope: 'read',
      summary: 'One quarantine: until when it is kept, how many files were put back, and a page of its manifest.',
      query: ManifestQuery,
      answers: {
        200: { what: 'The quarantine.', schema: 'WholeQuarantine' },
        404: { what: 'There is no such quarantine.', schema: 'Error' },
      },
    },
    ({ id, query }) => {
      const quarantine = getQuarantine(database, id)
      if (!quarantine) return notFound('quarantine')
      const manifest = readManifest(quarantine.directory)
      const page = (manifest?.entries ?? []).filter(({ n }) => n > query.after).slice(0, query.limit)
      const files = page.map((entry) => ({ n: entry.n, path: entry.path, size: entry.size, mtimeMs: entry.mtimeMs }))
      return { status: 200, body: { ...quarantine, folder: manifest?.header.folder ?? null, manifest: files } }
    },
  )
}

function snapshotRoute({ database }: ApiContext): Route {
  return defineRoute(
    {
      method: 'get',
      path: '/api/snapshots/:id',
      scope: 'read',
      summary: 'One snapshot: the process, the alert and the metrics as they were before something was done.',
      answers: {
        200: { what: 'The snapshot.', schema: 'WholeSnapshot' },
        404: { what: 'There is no such snapshot, or its folder is gone.', schema: 'Error' },
      },
    },
    ({ id }) => {
      const row = getSnapshot(database, id)
      const snapshot = row && readSnapshotFile(row.directory)
      return snapshot === undefined ? notFound('snapshot') : { status: 200, body: snapshot }
    },
  )
}

/** The folder comes from our own store, never from the request. */
function readSnapshotFile(directory: string): unknown {
  try {
    return JSON.parse(readFileSync(path.join(directory, 'snapshot.json'), 'utf8'))
  } catch {
    return undefined
  }
}
