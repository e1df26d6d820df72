import { expect, test } from 'vitest'
import { Journal } from '../../../src/remediator/audit/journal.ts'
import { forgetOldIncidents } from '../../../src/remediator/retention.ts'
import { auditEntriesAfter } from '../../../src/remediator/store/audit/audit-entries-after.ts'
import { lastAuditEntry } from '../../../src/remediator/store/audit/last-audit-entry.ts'
import { Database } from '../../../src/remediator/store/database.ts'
import { createIncident } from '../../../src/remediator/store/incidents/create-incident.ts'
import { listIncidents } from '../../../src/remediator/store/incidents/list-incidents.ts'
import { updateIncident } from '../../../src/remediator/store/incidents/update-incident.ts'
import { insertQuarantine } from '../../../src/remediator/store/quarantines/insert-quarantine.ts'
import { FakeClock } from '../../support/clock.ts'
import { keptLog } from '../../support/log.ts'
import { afterTest, temporaryDirectory } from '../../support/temporary.ts'

const DAY_MS = 86_400_000

function setUp() {
  const folder = temporaryDirectory()
  const database = Database.open(`${folder}/procwarden.db`)
  afterTest(() => database.close())
  const clock = new FakeClock()
  const journal = new Journal(database, `${folder}/audit.ndjson`, clock, keptLog())
  const incident = (name: string, closedDaysAgo: number | undefined): string => {
    const alert = { fingerprint: name, status: 'firing', labels: { alertname: name }, annotations: {}, startsAt: '' } as const
    const { id } = createIncident(database, alert, new Date(clock.now - 200 * DAY_MS).toISOString())
    const closedAt = closedDaysAgo === undefined ? null : new Date(clock.now - closedDaysAgo * DAY_MS).toISOString()
    if (closedAt !== null) updateIncident(database, id, { status: 'done', closedAt })
    journal.record('opened', id, name)
    return id
  }
  const many = (count: number): void =>
    database.transaction(() => {
      for (let at = 0; at < count; at++) incident(`old ${at}`, 91)
    })
  const recorded = () => [...auditEntriesAfter(database, 0)].flatMap(({ event, data }) => (event === 'forgotten' ? [data['total']] : []))
  return { database, clock, journal, incident, many, recorded }
}

test('what was closed long ago goes, what is open or can be undone stays, the trail stays whole', async () => {
  const { database, clock, journal, incident, many, recorded } = setUp()
  many(450)
  incident('young', 89)
  incident('open', undefined)
  const quarantined = incident('quarantined', 150)
  const row = {
    id: 'q',
    incident: quarantined,
    directory: '/q',
    at: '',
    expiresAtMs: 0,
    files: 1,
    bytes: 1,
    restored: 0,
    status: 'open',
  } as const
  insertQuarantine(database, row)
  expect(await forgetOldIncidents(database, journal, clock, 90)).toBe(450)
  expect(
    listIncidents(database, 1_000)
      .map(({ alertname }) => alertname)
      .toSorted(),
  ).toEqual(['open', 'quarantined', 'young'])
  expect(lastAuditEntry(database)).toMatchObject({ seq: 456, event: 'forgotten' })
  expect(recorded()).toEqual([200, 200, 50])
  expect(await forgetOldIncidents(database, journal, clock, 90)).toBe(0)
  expect(recorded()).toHaveLength(3)
})

test('what went before the right to write was lost is recorded, and nothing more goes', async () => {
  const { database, clock, journal, many, recorded } = setUp()
  many(250)
  let batches = 0
  const fenced = database.fenced(() => {
    if (++batches > 1) throw new Error('another remediator has taken over')
  })
  await expect(forgetOldIncidents(fenced, journal, clock, 90)).rejects.toThrow('taken over')
  expect(listIncidents(database, 1_000)).toHaveLength(50)
  expect(recorded()).toEqual([200])
})
