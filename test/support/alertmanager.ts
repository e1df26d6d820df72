/** Owns a real Alertmanager for tests: on a free port of loopback, ended after the test, and alerts put into it as Prometheus does. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { choosePort } from '../../src/stack/ports.ts'
import { findTool } from '../../src/stack/tools.mjs'
import { temporaryDirectory, temporaryProcess } from './temporary.ts'
import { waitFor } from './wait-for.ts'

export interface TestAlertmanager {
  readonly url: string
  /** As Prometheus sends them: an alert with an end in the past has resolved. */
  send(labels: Readonly<Record<string, string>>, times?: { readonly startsAt?: Date; readonly endsAt?: Date }): Promise<void>
  silence(name: string, value: string): Promise<void>
}

/** It notifies nobody: what reaches the remediator comes from its API. */
export async function startAlertmanager(): Promise<TestAlertmanager> {
  const folder = temporaryDirectory()
  const config = path.join(folder, 'alertmanager.yml')
  writeFileSync(config, 'route: {receiver: nobody}\nreceivers: [{name: nobody}]\n')
  const port = await choosePort('alertmanager', 0)
  const args = [
    `--config.file=${config}`,
    `--storage.path=${folder}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--cluster.listen-address=',
    '--log.level=error',
  ]
  await temporaryProcess(findTool('alertmanager') ?? 'alertmanager', args)
  const url = `http://127.0.0.1:${port}`
  await waitFor('Alertmanager', async () => (await fetch(`${url}/-/ready`).catch(() => undefined))?.ok === true)
  const put = async (route: string, body: unknown): Promise<void> => {
    const response = await fetch(url + route, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (!response.ok) throw new Error(`Alertmanager answered ${response.status}: ${await response.text()}`)
  }
  return {
    url,
    send: (labels, { startsAt = new Date(), endsAt } = {}) =>
      put('/api/v2/alerts', [
        {
          labels: { alertname: 'ProcessFileCreationStorm', severity: 'critical', instance: '127.0.0.1:9930', ...labels },
          annotations: { summary: 'a test' },
          startsAt: startsAt.toISOString(),
          endsAt: (endsAt ?? new Date(Date.now() + 300_000)).toISOString(),
        },
      ]),
    silence: (name, value) =>
      put('/api/v2/silences', {
        matchers: [{ name, value, isRegex: false, isEqual: true }],
        startsAt: new Date(Date.now() - 1_000).toISOString(),
        endsAt: new Date(Date.now() + 300_000).toISOString(),
        createdBy: 'test',
        comment: 'test',
      }),
  }
}
