/** What changes while a run is under way counts: a pause, an alert that resolves, and a fault of procwarden's own. */
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { httpEndpoint } from '../../support/http-endpoint.ts'
import { accuse, alarm, script, startWith } from '../../support/policies.ts'
import { incidentsOf, settledIncident, type TestRemediator } from '../../support/remediator.ts'
import { temporaryProcess } from '../../support/temporary.ts'
import { waitFor } from '../../support/wait-for.ts'

const KILL = { action: 'kill', grace_seconds: 0 }
const policy = { name: 'stop', match: ['remediate="kill"'], verify: ['gone'], attempts: 1 }

const pause = ({ url, token }: TestRemediator): Promise<Response> =>
  fetch(`${url}/api/pause`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ by: 'ann', why: 'deploying' }),
  })

/** A Prometheus that takes its time, and then names the process; of when that started it knows nothing. */
const slowPrometheus = (pid: number): Promise<string> =>
  httpEndpoint((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const isOurs = Buffer.concat(chunks).toString().includes('topk')
      const metric = { group: 'sleep', pid: String(pid), instance: '127.0.0.1:9930' }
      const result = isOurs ? [{ metric, value: [Date.now() / 1000, '7'] }] : []
      setTimeout(() => response.end(JSON.stringify({ status: 'success', data: { resultType: 'vector', result } })), 1_500)
    })
  })

test('a pause between two steps keeps the second from being done', async () => {
  const child = await temporaryProcess('sleep', ['600'])
  const remediator = await startWith([{ ...policy, ladder: [{ action: 'command', argv: [script(['sleep 2'])] }, KILL] }])
  await accuse(remediator, child.pid)
  await waitFor('the command to run', async () => (await incidentsOf(remediator))[0]?.attempts === 1)
  expect((await pause(remediator)).ok).toBe(true)
  const incident = await settledIncident(remediator)
  expect(child.signalCode).toBeNull()
  expect(JSON.stringify(incident)).toContain('the step to kill sleep')
})

test.each(['pause', 'resolve'] as const)('a %s that comes while the target is looked for counts', async (what) => {
  const child = await temporaryProcess('sleep', ['600'])
  const remediator = await startWith([{ ...policy, ladder: [KILL], target: { query: 'topk(1, x)' } }], {
    prometheusUrl: await slowPrometheus(child.pid),
  })
  const startsAt = new Date()
  await alarm(remediator, { startsAt, labels: { group: 'sleep' } })
  await delay(500)
  if (what === 'pause') await pause(remediator)
  else await alarm(remediator, { startsAt, status: 'resolved', labels: { group: 'sleep' } })
  expect(await settledIncident(remediator)).toMatchObject({ reason: what === 'pause' ? 'paused' : 'resolved', attempts: 0 })
  expect(child.signalCode).toBeNull()
})

test('a fault of its own ends the incident with a call for a person, and blocks nobody', async () => {
  const [first, second] = [await temporaryProcess('sleep', ['600']), await temporaryProcess('sleep', ['600'])]
  let faults = 1
  const remediator = await startWith([{ ...policy, ladder: [KILL] }], {
    hooks: {
      observer: {
        before: () => undefined,
        after: (stage) => {
          if (stage === 'act' && faults-- > 0) throw new Error('a fault made for this test')
        },
      },
    },
  })
  await accuse(remediator, first.pid)
  const incident = await settledIncident(remediator)
  expect(incident).toMatchObject({ outcome: 'failed', reason: 'internal_error' })
  expect(incident.escalatedAt).not.toBeNull()
  await accuse(remediator, second.pid, { fingerprint: 'beef' })
  await waitFor('the other one to be ended', () => second.signalCode === 'SIGTERM')
})
