import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { Database, databasePath } from '../../../src/remediator/store/database.ts'
import { acceptDelivery } from '../../../src/remediator/store/inbox/accept-delivery.ts'
import { parseWebhookPayload } from '../../../src/remediator/webhook-payload.ts'
import { startAlertmanager } from '../../support/alertmanager.ts'
import { closedPort } from '../../support/http-endpoint.ts'
import { alertOf, incidentsOf, payloadOf, post, settledIncident, startRemediator } from '../../support/remediator.ts'
import { exitOf, temporaryDirectory, temporaryProcess } from '../../support/temporary.ts'
import { waitFor } from '../../support/wait-for.ts'

/** After the accused was started, on clocks of different resolution. */
const soon = (): Date => new Date(Date.now() + 1_000)

describe('active alerts of Alertmanager', () => {
  test('one that was never delivered is handled; a silenced one and one that is not ours are not', async () => {
    const alertmanager = await startAlertmanager()
    const [lost, silenced] = [await temporaryProcess('sleep', ['600']), await temporaryProcess('sleep', ['600'])]
    await alertmanager.send({ remediate: 'kill', group: 'sleep', pid: String(lost.pid) }, { startsAt: soon() })
    await alertmanager.silence('pid', String(silenced.pid))
    await alertmanager.send({ remediate: 'kill', group: 'sleep', pid: String(silenced.pid) }, { startsAt: soon() })
    await alertmanager.send({ alertname: 'Unrelated' })
    await waitFor('the silence', async () => {
      const alerts = (await (await fetch(`${alertmanager.url}/api/v2/alerts?silenced=true`)).json()) as Array<{ status: { state: string } }>
      return alerts.length === 3 && alerts.some(({ status }) => status.state === 'suppressed')
    })
    const remediator = await startRemediator({ alertmanagerUrl: alertmanager.url })
    expect(await exitOf(lost)).toBe('SIGTERM')
    expect(await settledIncident(remediator)).toMatchObject({ outcome: 'killed', target: { pid: lost.pid } })
    expect(await incidentsOf(remediator)).toHaveLength(1)
    expect(silenced.signalCode).toBeNull()
  })

  test('one that resolved while nobody ran is not acted upon, although it was acknowledged before', async () => {
    const alertmanager = await startAlertmanager()
    const stateDir = temporaryDirectory()
    const healthy = await temporaryProcess('sleep', ['600'])
    const parsed = parseWebhookPayload(
      Buffer.from(JSON.stringify(payloadOf([alertOf({ labels: { group: 'sleep', pid: String(healthy.pid) }, startsAt: soon() })]))),
    )
    if (!parsed.ok) throw new Error(parsed.faults.join())
    const database = Database.open(databasePath(stateDir))
    acceptDelivery(database, parsed.alerts, new Date().toISOString())
    database.close()
    const remediator = await startRemediator({ stateDir, alertmanagerUrl: alertmanager.url })
    expect(await settledIncident(remediator)).toMatchObject({ status: 'cancelled', reason: 'resolved' })
    expect(healthy.signalCode).toBeNull()
  })

  test('an Alertmanager that is down or talks nonsense delays nothing', async () => {
    const stateDir = temporaryDirectory()
    const accused = await temporaryProcess('sleep', ['600'])
    const remediator = await startRemediator({ stateDir, alertmanagerUrl: `http://127.0.0.1:${await closedPort()}` })
    await post(
      remediator.url,
      remediator.token,
      payloadOf([alertOf({ labels: { group: 'sleep', pid: String(accused.pid) }, startsAt: soon() })]),
    )
    expect(await exitOf(accused)).toBe('SIGTERM')
    expect(await (await fetch(`${remediator.url}/metrics`)).text()).toMatch(/^procwarden_reconcile_runs_total\{outcome="failed"\} [1-9]/m)
  })

  test('what was only observed is taken up again when the mode has become bolder', async () => {
    const alertmanager = await startAlertmanager()
    const configFile = path.join(temporaryDirectory(), 'remediator.yml')
    writeFileSync(configFile, 'mode: observe\n')
    const accused = await temporaryProcess('sleep', ['600'])
    await alertmanager.send({ remediate: 'kill', group: 'sleep', pid: String(accused.pid) }, { startsAt: soon() })
    const remediator = await startRemediator({ configFile, mode: undefined, alertmanagerUrl: alertmanager.url })
    expect(await settledIncident(remediator)).toMatchObject({ outcome: 'observed' })
    writeFileSync(configFile, 'mode: auto\n')
    expect((await fetch(`${remediator.url}/-/reload`, { method: 'POST' })).status).toBe(200)
    expect(await exitOf(accused)).toBe('SIGTERM')
    const incident = await waitFor('the kill to be on record', async () =>
      (await incidentsOf(remediator)).find(({ outcome }) => outcome === 'killed'),
    )
    expect(incident.timeline.map(({ event }) => event)).toContain('reopened')
    expect(await incidentsOf(remediator)).toHaveLength(1)
  })
})
