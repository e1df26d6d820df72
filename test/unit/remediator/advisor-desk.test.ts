import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { createProcfs } from '../../../src/lib/linux/proc-process.ts'
import { AdvisorConfig } from '../../../src/remediator/advisor/config.ts'
import { AdvisorDesk } from '../../../src/remediator/advisor/desk.ts'
import { Journal } from '../../../src/remediator/audit/journal.ts'
import { adviceOf, insertAdvice } from '../../../src/remediator/store/advice.ts'
import { Database } from '../../../src/remediator/store/database.ts'
import { createIncident } from '../../../src/remediator/store/incidents/create-incident.ts'
import { startAdvisorServer } from '../../support/advisor-server.ts'
import { keptLog } from '../../support/log.ts'
import { afterTest, temporaryDirectory } from '../../support/temporary.ts'
import { waitFor } from '../../support/wait-for.ts'

/** A desk on a real store with one question that waits since `agoMs`. */
async function deskWith({ agoMs = 0, requestsPerDay = 50 } = {}) {
  const folder = temporaryDirectory()
  const database = Database.open(`${folder}/procwarden.db`)
  const clock = systemClock()
  const log = keptLog()
  const journal = new Journal(database, `${folder}/audit.ndjson`, clock, log)
  const server = await startAdvisorServer()
  const alert = { fingerprint: 'a', status: 'firing', labels: { alertname: 'A' }, annotations: {}, startsAt: '' } as const
  const { id: incident } = createIncident(database, alert, new Date().toISOString())
  insertAdvice(database, { incident, purpose: 'opinion', at: new Date(Date.now() - agoMs).toISOString(), by: null })
  const config = AdvisorConfig.parse({ url: server.url, model: 'test-model', requests_per_day: requestsPerDay })
  const desk = new AdvisorDesk({
    settings: { ...config, url: server.url, model: 'test-model', key: undefined },
    database,
    journal,
    clock,
    log,
    procfs: createProcfs(clock),
    prometheus: undefined,
    policyOf: () => undefined,
    onAnswer: () => undefined,
    onWork: () => undefined,
  })
  afterTest(async () => {
    await desk.stop()
    journal.close()
    database.close()
  })
  return { database, desk, server, log, verdict: () => adviceOf(database, incident)[0]?.verdict ?? undefined }
}

const OVERDUE_MS = 3_600_000

test.each([
  ['an answer', 0, 3],
  ['a refusal, which needs no I/O', OVERDUE_MS, 0],
])('a store that does not take %s leaves the process its turn, and is tried again at leisure', async (_what, agoMs, asked) => {
  const { database, desk, server, log, verdict } = await deskWith({ agoMs })
  database.get('PRAGMA query_only = ON')
  desk.start()
  await delay(3_000)
  expect(server.requests.length).toBeLessThanOrEqual(asked)
  expect(log.lines.map(({ message }) => message)).toEqual([expect.stringContaining('it is asked again')])
  database.get('PRAGMA query_only = OFF')
  await waitFor('the verdict', verdict)
})

test('what was asked and could not be kept counts for the budget', async () => {
  const { database, desk, server, log, verdict } = await deskWith({ requestsPerDay: 1 })
  database.get('PRAGMA query_only = ON')
  desk.start()
  await waitFor('the failure', () => log.lines.length > 0)
  await delay(500)
  database.get('PRAGMA query_only = OFF')
  expect(await waitFor('the verdict', verdict)).toBe('budget')
  expect(server.requests).toHaveLength(1)
})

test('a store that cannot be read is looked into again, and ends nothing', async () => {
  const { database, desk, log, verdict } = await deskWith({ agoMs: OVERDUE_MS })
  database.get('ALTER TABLE advice RENAME TO advice_away')
  desk.start()
  desk.wake()
  expect(log.lines).toHaveLength(1)
  database.get('ALTER TABLE advice_away RENAME TO advice')
  expect(await waitFor('the verdict', verdict)).toBe('timed_out')
})

test('a desk that rests after a failure stops at once', async () => {
  const { database, desk, log } = await deskWith({ agoMs: OVERDUE_MS })
  database.get('PRAGMA query_only = ON')
  desk.start()
  await waitFor('the failure', () => log.lines.length > 0)
  const begunMs = performance.now()
  await desk.stop()
  expect(performance.now() - begunMs).toBeLessThan(1_000)
})
