/** Tests that incidents are diagnosed beside what is done about them, that nothing waits for it, and what is made of past ones. */
import { createServer } from 'node:http'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { z } from 'zod'
import type { WholeIncident } from '../../../src/remediator/incident-view.ts'
import type { Incident } from '../../../src/remediator/model.ts'
import { Database, databasePath } from '../../../src/remediator/store/database.ts'
import { keepDiagnosis } from '../../../src/remediator/store/diagnoses.ts'
import { createIncident, updateIncident } from '../../../src/remediator/store/incidents.ts'
import { accuse, script, startWith } from '../../support/policies.ts'
import { settledIncident, type TestRemediator } from '../../support/remediator.ts'
import { afterTest, exitOf, temporaryDirectory, temporaryProcess } from '../../support/temporary.ts'
import { waitFor } from '../../support/wait-for.ts'

const KILL = { name: 'stop-it', match: ['remediate="kill"'], ladder: ['kill'], verify: ['gone'] }

async function whole({ url, token }: TestRemediator, id: string): Promise<WholeIncident> {
  const response = await fetch(`${url}/api/incidents/${id}`, { headers: { authorization: `Bearer ${token}` } })
  return (await response.json()) as WholeIncident
}

test('without a Prometheus the diagnosis is that of the alert, of low confidence, in the API and in the audit trail', async () => {
  const remediator = await startWith([KILL])
  const victim = await temporaryProcess('sleep', ['60'])
  await accuse(remediator, victim.pid, { labels: { alertname: 'ForkBomb' }, annotations: { current: '80' } })
  const { id } = await settledIncident(remediator)
  const incident = await whole(remediator, id)
  expect(incident.diagnosis).toMatchObject({ name: 'fork_bomb', confidence: 'low', source: 'alert', is_critical: false })
  expect(incident.diagnosis?.explanation).toContain('No Prometheus is configured. This is from the alert alone.')
  expect(incident.similar).toEqual([])
  expect(incident.timeline.find(({ event }) => event === 'diagnosed')).toMatchObject({
    data: { diagnosis: 'fork_bomb', confidence: 'low' },
  })
})

test('a Prometheus that never answers delays neither the action nor, for long, the end of the incident', async () => {
  const held = createServer(() => undefined).listen(0, '127.0.0.1')
  await once(held, 'listening')
  afterTest(() => {
    held.closeAllConnections()
    held.close()
  })
  const { port } = z.object({ port: z.number() }).parse(held.address())
  // Who is accused is found by the folder of processes alone here: identifying by pid asks Prometheus, and waits for it.
  const remediator = await startWith([KILL], { prometheusUrl: `http://127.0.0.1:${port}` })
  const victim = await temporaryProcess('sleep', ['60'])
  const died = exitOf(victim)
  const begun = performance.now()
  await accuse(remediator, victim.pid)
  expect(await died).toBe('SIGTERM')
  const killedMs = performance.now() - begun
  const incident = await settledIncident(remediator)
  const closedMs = performance.now() - begun
  // Looking for the target has always waited for Prometheus, twice at most; a diagnosis comes after the action.
  expect(killedMs).toBeLessThan(6_000)
  expect(closedMs - killedMs).toBeLessThan(3_000)
  const acted = incident.timeline.findIndex(({ event }) => event === 'acted')
  const diagnosed = incident.timeline.findIndex(({ event }) => event === 'diagnosed')
  expect(acted).toBeGreaterThan(0)
  expect(diagnosed === -1 || diagnosed > acted).toBe(true)
}, 40_000)

interface Past {
  readonly alertname: string
  readonly group: string
  readonly ago: number
  readonly outcome?: Incident['outcome']
  readonly diagnosis?: 'gradual_leak' | 'fork_bomb'
  readonly current?: string
}

/** A closed incident of so many hours ago. */
function past(database: Database, { alertname, group, ago, outcome = 'killed', diagnosis, current = '100' }: Past): string {
  const at = new Date(Date.now() - ago * 3_600_000).toISOString()
  const alert = {
    fingerprint: `${alertname}${group}${ago}`,
    status: 'firing' as const,
    labels: { alertname, group, severity: 'critical' },
    annotations: { current, unit: 'things' },
    startsAt: at,
  }
  const { id } = createIncident(database, alert, at)
  updateIncident(database, id, { status: 'done', outcome, action: 'kill', closedAt: at, resolvedAt: at, summary: 'It was done.' })
  const found = { is_critical: true, root_cause: 'x', confidence: 'high', recommended_action: 'kill', explanation: 'x.' } as const
  if (diagnosis !== undefined) keepDiagnosis(database, id, { ...found, evidence: [], name: diagnosis, source: 'metrics', at })
  return id
}

/** An attempt with one action, and how it ended. */
function attempt(database: Database, incident: string, action: string, outcome: string): void {
  database.run(
    `INSERT INTO intents (incident, action, cooldown_key, pid, start_ticks, boot_id, boot_ms, at, outcome, policy, target_key)
     VALUES ($incident, $action, 'k', 0, 0, 'other boot', 0, '2026-01-01T00:00:00.000Z', $outcome, 'p', $incident)`,
    { incident, action, outcome },
  )
}

test('similar incidents are found by alert, program, diagnosis and figures, with whether what was done held', async () => {
  const stateDir = temporaryDirectory()
  const database = Database.open(databasePath(stateDir))
  const twin = past(database, { alertname: 'ForkBomb', group: 'sleep', ago: 50, diagnosis: 'fork_bomb', current: '70' })
  const recurred = past(database, { alertname: 'ForkBomb', group: 'sleep', ago: 30.5, diagnosis: 'fork_bomb', current: '900' })
  const again = past(database, { alertname: 'ForkBomb', group: 'sleep', ago: 30, outcome: 'failed', diagnosis: 'fork_bomb', current: '90' })
  past(database, { alertname: 'CpuSpike', group: 'sleep', ago: 20 })
  past(database, { alertname: 'MemoryLeakFast', group: 'other', ago: 10, diagnosis: 'gradual_leak' })
  database.close()
  const remediator = await startWith([KILL], { stateDir })
  const victim = await temporaryProcess('sleep', ['60'])
  await accuse(remediator, victim.pid, { labels: { alertname: 'ForkBomb' }, annotations: { current: '80', unit: 'things' } })
  await exitOf(victim)
  const { id } = await waitFor('the newest incident to be done', async () => {
    const first = await newest(remediator)
    return first.status === 'done' && first
  })
  const { similar } = await whole(remediator, id)
  expect(similar.map((each) => [each.id, each.held])).toEqual([
    [again, false],
    [twin, true],
    [recurred, false],
  ])
  expect(similar[0]).toMatchObject({ likeness: 1, program: 'sleep', diagnosis: 'fork_bomb', action: 'kill', outcome: 'failed' })
  expect(similar[2]?.because.join()).not.toContain('figures')
})

async function newest({ url, token }: TestRemediator) {
  const response = await fetch(`${url}/api/incidents?limit=1`, { headers: { authorization: `Bearer ${token}` } })
  const [first] = z.array(z.looseObject({ id: z.string(), status: z.string() })).parse(await response.json())
  if (!first) throw new Error('there is no incident')
  return first
}

test.each([
  {
    times: 5,
    action: 'kill',
    reason: 'What helped more often against fork bomb comes first: kill helped in 5 of 5, command helped in 0 of 5.',
  },
  {
    times: 4,
    action: 'command',
    reason: 'The ladder is walked as written: fewer than two of its actions have 5 outcomes against fork bomb.',
  },
])(
  'a ladder with order: learned, after $times outcomes of each action, begins with $action',
  async ({ times, action, reason }) => {
    const stateDir = temporaryDirectory()
    const database = Database.open(databasePath(stateDir))
    for (let index = 0; index < times; index++) {
      attempt(
        database,
        past(database, { alertname: 'ForkBomb', group: 'a', ago: 100 + index, diagnosis: 'fork_bomb' }),
        'command',
        'failed',
      )
      attempt(database, past(database, { alertname: 'ForkBomb', group: 'b', ago: 200 + index, diagnosis: 'fork_bomb' }), 'kill', 'killed')
    }
    database.close()
    const ladder = [
      { action: 'command', argv: [script(['exit 0'])] },
      { action: 'kill', from_attempt: 2 },
    ]
    const policy = { name: 'learns', match: ['remediate="kill"'], order: 'learned', ladder, verify: ['gone'], attempts: 2 }
    const remediator = await startWith([policy], { stateDir })
    const victim = await temporaryProcess('sleep', ['60'])
    await accuse(remediator, victim.pid, { labels: { alertname: 'ForkBomb' } })
    const died = await exitOf(victim)
    expect(died).toBe('SIGTERM')
    const { id } = await newest(remediator)
    const { timeline } = await whole(remediator, id)
    expect(timeline.find(({ event }) => event === 'policy.matched')?.text).toContain(reason)
    expect(timeline.find(({ event }) => event === 'intent')).toMatchObject({ data: { action, attempt: 1 } })
  },
  40_000,
)
