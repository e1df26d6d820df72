import http from 'node:http'
import { DatabaseSync } from 'node:sqlite'
import { gzipSync } from 'node:zlib'
import supertest from 'supertest'
import { describe, expect, test } from 'vitest'
import { databasePath } from '../../../src/remediator/store/database.ts'
import { alertOf, incidentsOf, payloadOf, post, settledIncident, startRemediator } from '../../support/remediator.ts'
import { afterTest } from '../../support/temporary.ts'
import { waitFor } from '../../support/wait-for.ts'

describe('webhook', () => {
  test('an accepted delivery answers 200 and becomes an incident', async () => {
    const remediator = await startRemediator()
    const response = await post(remediator.url, remediator.token, payloadOf([alertOf({ labels: { remediate: 'notify' } })]))
    expect([response.status, await response.json()]).toEqual([200, { accepted: 1 }])
    expect(await settledIncident(remediator)).toMatchObject({
      alertname: 'ProcessFileCreationStorm',
      decision: 'notify',
      outcome: 'notified',
    })
  })

  test('a malformed payload answers 400 with the faults and leaves nothing behind', async () => {
    const remediator = await startRemediator()
    const response = await post(remediator.url, remediator.token, payloadOf([{ ...alertOf({}), startsAt: 'nonsense', labels: { a: 1 } }]))
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      faults: expect.arrayContaining([expect.stringContaining('alerts.0.startsAt'), expect.stringContaining('alerts.0.labels')]),
    })
    expect((await post(remediator.url, remediator.token, '{"version": "4", ')).status).toBe(400)
    expect(await incidentsOf(remediator)).toEqual([])
  })

  test('a delivery counts however it arrives: in pieces without a length, compressed; one that is cut or too long does not', async () => {
    const remediator = await startRemediator()
    const url = `${remediator.url}/api/webhook`
    const headers = { authorization: `Bearer ${remediator.token}`, 'content-type': 'application/json' }
    const text = JSON.stringify(payloadOf([alertOf({ labels: { remediate: 'notify', note: 'ü'.repeat(50_000) } })]))
    async function* pieces(): AsyncGenerator<Buffer> {
      const bytes = Buffer.from(text)
      for (let at = 0; at < bytes.length; at += 9_999) yield bytes.subarray(at, at + 9_999)
    }
    const chunked = await fetch(url, { method: 'POST', headers, body: pieces(), duplex: 'half' })
    expect([chunked.status, await chunked.json()]).toEqual([200, { accepted: 1 }])
    const zipped = await fetch(url, { method: 'POST', headers: { ...headers, 'content-encoding': 'gzip' }, body: gzipSync(text) })
    expect([zipped.status, await zipped.json()]).toEqual([200, { accepted: 1 }])
    const before = (await incidentsOf(remediator)).length
    await cutDelivery(url, headers, text)
    expect((await fetch(url, { method: 'POST', headers, body: 'x'.repeat(33 * 2 ** 20) })).status).toBe(413)
    expect((await fetch(url, { method: 'POST', headers })).status).toBe(400)
    expect(await incidentsOf(remediator)).toHaveLength(before)
  })

  test('a wrong or missing token answers 401 before the body is read', async () => {
    const remediator = await startRemediator()
    const wrong = await post(remediator.url, 'wrong', '{ not even JSON')
    expect([wrong.status, wrong.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="procwarden"'])
    const agent = supertest(remediator.url)
    await agent
      .post('/api/webhook')
      .send(payloadOf([alertOf({})]))
      .expect(401)
    await agent.get('/api/incidents').expect(401)
    await agent.post('/api/incidents/x/approve').expect(401)
    await agent.get('/-/ready').expect(200)
    await agent.get('/metrics').expect(200)
  })

  test('a page of another origin cannot reach a server on loopback', async () => {
    const remediator = await startRemediator()
    const agent = supertest(remediator.url)
    expect((await agent.get('/metrics').set('Host', 'evil.example')).status).toBe(403)
    expect((await agent.post('/-/reload').set('Origin', 'http://evil.example')).status).toBe(403)
    expect((await agent.get('/metrics')).status).toBe(200)
  })

  test('a locked store answers 503, and the alert is handled after the retry', async () => {
    const remediator = await startRemediator()
    const lock = new DatabaseSync(databasePath(remediator.stateDir))
    afterTest(() => lock.close())
    lock.exec('BEGIN IMMEDIATE')
    const payload = payloadOf([alertOf({ labels: { remediate: 'notify' } })])
    const refused = await post(remediator.url, remediator.token, payload)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5'])
    lock.exec('ROLLBACK')
    expect((await post(remediator.url, remediator.token, payload)).status).toBe(200)
    expect(await settledIncident(remediator)).toMatchObject({ outcome: 'notified' })
    expect(await incidentsOf(remediator)).toHaveLength(1)
  })

  test('work under way when the store is locked is finished after it is free again', async () => {
    const remediator = await startRemediator()
    const lock = new DatabaseSync(databasePath(remediator.stateDir), { timeout: 5_000 })
    afterTest(() => lock.close())
    await post(remediator.url, remediator.token, payloadOf([alertOf({ labels: { remediate: 'notify' } })]))
    lock.exec('BEGIN IMMEDIATE')
    await waitFor('the worker to meet the lock or to be done', async () => {
      const metrics = await (await fetch(`${remediator.url}/metrics`)).text()
      return /procwarden_store_errors_total\{reason="busy"\} [1-9]|outcome="notified"/.test(metrics)
    })
    lock.exec('ROLLBACK')
    expect(await settledIncident(remediator)).toMatchObject({ outcome: 'notified' })
  })

  test('a repeated notification is the same incident; after a resolve it is a new one', async () => {
    const remediator = await startRemediator()
    const startsAt = new Date('2026-01-01T00:00:00Z')
    const fire = (at: Date) =>
      post(remediator.url, remediator.token, payloadOf([alertOf({ labels: { remediate: 'notify' }, startsAt: at })]))
    await fire(startsAt)
    await fire(startsAt)
    await settledIncident(remediator)
    await post(remediator.url, remediator.token, payloadOf([alertOf({ labels: { remediate: 'notify' }, status: 'resolved', startsAt })]))
    await waitFor('the resolve to be noted', async () => (await incidentsOf(remediator))[0]?.resolvedAt !== null)
    await fire(new Date('2026-01-01T01:00:00Z'))
    const incidents = await waitFor('a second incident', async () => {
      const all = await incidentsOf(remediator)
      return all.length === 2 && all
    })
    expect(incidents.map((incident) => incident.episode)).toEqual([2, 1])
  })
})

/** Sends half of a delivery that says it is whole, and hangs up. */
async function cutDelivery(url: string, headers: Readonly<Record<string, string>>, text: string): Promise<void> {
  const request = http.request(url, { method: 'POST', headers: { ...headers, 'content-length': Buffer.byteLength(text) } })
  const closed = new Promise((resolve) => request.on('close', resolve))
  request.on('error', () => undefined)
  await new Promise((resolve) => request.write(text.slice(0, text.length / 2), resolve))
  request.destroy()
  await closed
}
