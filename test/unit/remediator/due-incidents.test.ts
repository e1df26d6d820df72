import { expect, test } from 'vitest'
import { Database } from '../../../src/remediator/store/database.ts'
import { createIncident } from '../../../src/remediator/store/incidents/create-incident.ts'
import { dueIncidents } from '../../../src/remediator/store/incidents/due-incidents.ts'
import { afterTest, temporaryDirectory } from '../../support/temporary.ts'

test('a process that is named is dealt with before the many folders of a tree, and of equals the oldest', () => {
  const database = Database.open(`${temporaryDirectory()}/procwarden.db`)
  afterTest(() => database.close())
  const atMs = Date.parse('2026-01-01T00:00:00Z')
  const received = (number: number, labels: Record<string, string>): string => {
    const alert = {
      fingerprint: `${number}`,
      status: 'firing',
      labels: { alertname: 'A', ...labels },
      annotations: {},
      startsAt: '',
    } as const
    return createIncident(database, alert, new Date(atMs + number).toISOString()).id
  }
  const folders = Array.from({ length: 80 }, (_, number) => received(number, { directory: `/backup/${number}` }))
  const named = [received(100, { group: 'a', pid: '7' }), received(101, { group: 'b', pid: '8' })]
  expect(dueIncidents(database, atMs + 1_000, 4).map(({ id }) => id)).toEqual([...named, ...folders.slice(0, 2)])
})
