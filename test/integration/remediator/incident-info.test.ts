/** Tests the metric by which dashboards find the incident of an alert. */
import { describe, expect, test } from 'vitest'
import { SUBJECT_LABELS as OF_DASHBOARDS } from '../../../grafana/boards/anomaly-queries.ts'
import { SUBJECT_LABELS } from '../../../src/remediator/incident-info.ts'
import { alertOf, payloadOf, post, settledIncident, startRemediator, type AlertInput } from '../../support/remediator.ts'

const HOST = '127.0.0.1:9930'

async function infoOf(remediator: { readonly url: string }): Promise<Array<Record<string, string>>> {
  const text = await (await fetch(`${remediator.url}/metrics`)).text()
  return [...text.matchAll(/^procwarden_incident_info\{(.*)\} 1$/gm)].map(([, labels = '']) =>
    Object.fromEntries([...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name = '', value = '']) => [name, value])),
  )
}

async function remediatorWith(alert: AlertInput) {
  const remediator = await startRemediator({ hostInstances: [HOST] })
  await post(remediator.url, remediator.token, payloadOf([alertOf(alert)]))
  const incident = await settledIncident(remediator)
  return { remediator, incident }
}

describe('procwarden_incident_info', () => {
  test('names the incident, what it is about and what is recommended', async () => {
    const { remediator, incident } = await remediatorWith({
      labels: { alertname: 'CpuAboveBaseline', severity: 'warning', remediate: 'notify', signal: 'cpu', group: 'report-builder.mjs' },
    })
    await expect
      .poll(() => infoOf(remediator), { timeout: 15_000 })
      .toEqual([
        {
          incident: incident.id,
          alertname: 'CpuAboveBaseline',
          host: HOST,
          signal: 'cpu',
          group: 'report-builder.mjs',
          pid: '',
          subject: '',
          severity: 'warning',
          // There is no Prometheus to ask what it may be.
          diagnosis: 'unknown',
          confidence: 'low',
          recommended_action: 'notify',
          status: 'done',
        },
      ])
  })

  test('says the place of what is about no program, as the dashboards put it together', async () => {
    expect(SUBJECT_LABELS).toEqual(OF_DASHBOARDS)
    const { remediator } = await remediatorWith({
      labels: { alertname: 'DiskFull', severity: 'critical', remediate: 'notify', signal: 'disk_used', mountpoint: '/srv/a "b"' },
    })
    expect(await infoOf(remediator)).toMatchObject([{ alertname: 'DiskFull', group: '', subject: String.raw`/srv/a \"b\"` }])
  })

  test('has the newest incident of an alert only, and a hundred at most', async () => {
    const remediator = await startRemediator({ hostInstances: [HOST] })
    const labels = { alertname: 'CpuAboveBaseline', severity: 'warning', remediate: 'notify', signal: 'cpu' }
    const startsAt = new Date(Date.now() - 60_000)
    const first = { labels: { ...labels, group: 'again' }, fingerprint: 'a6a1', startsAt }
    await post(remediator.url, remediator.token, payloadOf([alertOf(first)]))
    await settledIncident(remediator)
    await post(remediator.url, remediator.token, payloadOf([alertOf({ ...first, status: 'resolved' })]))
    await post(remediator.url, remediator.token, payloadOf([alertOf({ ...first, startsAt: new Date() })]))
    await expect.poll(async () => (await infoOf(remediator)).length, { timeout: 15_000 }).toBe(1)
    const crowd = Array.from({ length: 130 }, (_, index) =>
      alertOf({ labels: { ...labels, group: `g${index}` }, fingerprint: index.toString(16).padStart(4, '0') }),
    )
    await post(remediator.url, remediator.token, payloadOf(crowd))
    await expect.poll(async () => (await infoOf(remediator)).length, { timeout: 15_000 }).toBe(100)
  })

  test('cuts names that strangers made long', async () => {
    const { remediator } = await remediatorWith({
      labels: { alertname: 'CpuAboveBaseline', severity: 'warning', remediate: 'notify', signal: 'cpu', group: 'x'.repeat(2_000) },
    })
    expect((await infoOf(remediator)).map(({ group }) => group?.length)).toEqual([256])
  })
})
