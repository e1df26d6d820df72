/** What an incident that is looked at once more may and may not take over from before. */
import { expect, test } from 'vitest'
import { Journal } from '../../../src/remediator/audit/journal.ts'
import { admitInbox } from '../../../src/remediator/intake.ts'
import { PolicyList } from '../../../src/remediator/policies/policy.ts'
import { approve } from '../../../src/remediator/stages/approve.ts'
import { Database } from '../../../src/remediator/store/database.ts'
import { addHold, orphanedHolds } from '../../../src/remediator/store/holds.ts'
import { acceptDelivery } from '../../../src/remediator/store/inbox/accept-delivery.ts'
import { createIncident } from '../../../src/remediator/store/incidents/create-incident.ts'
import { getIncident, updateIncident } from '../../../src/remediator/store/incidents.ts'
import type { ProcessTarget } from '../../../src/remediator/target.ts'
import { FakeClock } from '../../support/clock.ts'
import { keptLog } from '../../support/log.ts'
import { afterTest, temporaryDirectory } from '../../support/temporary.ts'

const TARGET: ProcessTarget = {
  kind: 'process',
  group: 'writer',
  pid: 7,
  startTicks: 70,
  startTime: '2026-01-01T00:00:00.000Z',
  program: '/usr/bin/writer',
  evidence: '',
  confidence: 'high',
}

function incidentInStore() {
  const clock = new FakeClock()
  const folder = temporaryDirectory()
  const database = Database.open(`${folder}/procwarden.db`)
  afterTest(() => database.close())
  const journal = new Journal(database, `${folder}/audit.ndjson`, clock, keptLog())
  afterTest(() => journal.close())
  const alert = {
    fingerprint: 'f00d',
    status: 'firing',
    labels: { alertname: 'FileCreationStorm', directory: '/srv' },
    annotations: {},
    startsAt: new Date(clock.nowMs()).toISOString(),
  } as const
  return { clock, database, journal, alert, incident: createIncident(database, alert, alert.startsAt) }
}

test('who approved one that is gone has not approved its successor', () => {
  const { clock, database, journal, alert, incident } = incidentInStore()
  const closedAt = new Date(clock.nowMs()).toISOString()
  updateIncident(database, incident.id, {
    status: 'done',
    outcome: 'target_gone',
    reason: 'target_gone',
    target: TARGET,
    approvedBy: 'ann',
    closedAt,
  })
  clock.advance(300_000)
  acceptDelivery(database, [alert], new Date(clock.nowMs()).toISOString())
  admitInbox(database, journal, clock)
  expect(getIncident(database, incident.id)).toMatchObject({ status: 'queued', approvedBy: null, closedAt: null })
})

test('what is stopped for a question on a later attempt is not let go on before the question is asked', async () => {
  const { clock, database, incident } = incidentInStore()
  updateIncident(database, incident.id, { status: 'deferred', nextAtMs: clock.nowMs(), attempts: 1 })
  const stopped: number[] = []
  const stage = approve({
    expireMs: 60_000,
    autoRiskMax: 'high',
    database,
    clock,
    freeze: async (id) => {
      addHold(database, { incident: id, kind: 'waiting', group: 'writer', pid: 7, startTicks: 70, bootId: 'boot-1', at: '' })
      stopped.push(orphanedHolds(database).length)
      return { outcome: 'frozen', reason: 'none', text: '' }
    },
  })
  const [policy] = PolicyList.parse([{ name: 'stop', match: ['a="b"'], action: 'kill' }])
  if (policy === undefined) throw new Error('there is one')
  const stored = getIncident(database, incident.id)
  if (stored === undefined) throw new Error('it is in the store')
  const result = await stage.run(
    { incident: stored, policy, mode: 'confirm', target: TARGET, cooldownKey: 'process:writer' },
    new AbortController().signal,
  )
  expect(stopped).toEqual([0])
  expect(result).toMatchObject({ kind: 'end', ending: { status: 'awaiting_approval' } })
})
