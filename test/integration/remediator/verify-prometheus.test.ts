import { writeFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fillQuery } from '../../../src/remediator/policies/query-text.ts'
import { createPeer, type Peer } from '../../../src/lib/peer.ts'
import { createPrometheus } from '../../../src/remediator/prometheus.ts'
import { choosePort } from '../../../src/stack/ports.ts'
import { findTool } from '../../../src/stack/tools.mjs'
import { alarm, startWith } from '../../support/policies.ts'
import { settledIncident } from '../../support/remediator.ts'
import { temporaryDirectory, temporaryProcess } from '../../support/temporary.ts'
import { waitFor } from '../../support/wait-for.ts'

const prometheusBinary = findTool('prometheus')

/** A real Prometheus that measures itself and has one alert that fires and one that does not. */
async function startPrometheus(): Promise<string> {
  const folder = temporaryDirectory()
  const port = await choosePort('prometheus', 0)
  const rule = (name: string, expr: string) => ({
    alert: name,
    expr,
    labels: { remediate: 'command', severity: 'critical', instance: '127.0.0.1:9930', job: 'procwarden-exporter' },
  })
  const rules = { groups: [{ name: 'g', interval: '1s', rules: [rule('Firing', 'vector(1)'), rule('Quiet', 'vector(1) > 2')] }] }
  writeFileSync(path.join(folder, 'rules.yml'), JSON.stringify(rules))
  writeFileSync(
    path.join(folder, 'prometheus.yml'),
    JSON.stringify({
      global: { scrape_interval: '1s' },
      rule_files: [path.join(folder, 'rules.yml')],
      scrape_configs: [{ job_name: 'self', static_configs: [{ targets: [`127.0.0.1:${port}`] }] }],
    }),
  )
  const args = [
    `--config.file=${folder}/prometheus.yml`,
    `--web.listen-address=127.0.0.1:${port}`,
    `--storage.tsdb.path=${folder}/data`,
    '--log.level=error',
  ]
  await temporaryProcess(prometheusBinary ?? 'prometheus', args)
  const url = `http://127.0.0.1:${port}`
  const prometheus = createPrometheus(peerAt(url))
  const has = async (query: string): Promise<boolean> => (await prometheus.query(query).catch(() => [])).length > 0
  await waitFor('the alert to fire', () => has('ALERTS{alertname="Firing"}'), 30_000)
  await waitFor('a measurement', () => has('up{job="self"} == 1'), 30_000)
  return url
}

test.runIf(prometheusBinary !== undefined)(
  'promql and alert-inactive are asked of a real Prometheus; what is down is not taken for healed',
  async () => {
    const url = await startPrometheus()
    const outcomes: Record<string, unknown> = {}
    for (const [name, verification, alertname] of [
      ['nothing found', { kind: 'promql', query: 'up{job={{service}}} == 0', within_seconds: 0 }, 'Firing'],
      ['something found', { kind: 'promql', query: 'up{job={{service}}} == 1', within_seconds: 0 }, 'Firing'],
      ['something wanted', { kind: 'promql', query: 'up{job={{service}}} == 1', expect: 'not-empty', within_seconds: 0 }, 'Firing'],
      ['still fires', { kind: 'alert-inactive', within_seconds: 0 }, 'Firing'],
      ['fires no longer', { kind: 'alert-inactive', within_seconds: 0 }, 'Quiet'],
    ] as const) {
      const policy = {
        name: 'p',
        match: ['remediate="command"'],
        ladder: [{ action: 'command', argv: ['true'] }],
        verify: [verification],
        attempts: 1,
      }
      const remediator = await startWith([policy], { prometheusUrl: url })
      // The labels are those of the rule and no others: that is what ALERTS carries.
      await alarm(remediator, {
        labels: { alertname, remediate: 'command', severity: 'critical', ...(name.includes('fires') ? {} : { service: 'self' }) },
      })
      outcomes[name] = (await settledIncident(remediator)).outcome
      await remediator.close()
    }
    expect(outcomes).toEqual({
      'nothing found': 'executed',
      'something found': 'failed',
      'something wanted': 'executed',
      'still fires': 'failed',
      'fires no longer': 'executed',
    })
  },
  90_000,
)

test.runIf(prometheusBinary !== undefined)(
  "strangers' values never change what a query asks",
  async () => {
    const prometheus = createPrometheus(peerAt(await startPrometheus()))
    const value = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 60 }),
      fc.constantFrom(
        '"} or vector(1) #',
        '"} or up{job="self',
        "'} or vector(1) #",
        '`} or vector(1)',
        '\\"} or vector(1) #',
        '\n} or vector(1)',
        '.*',
        '{{job}}',
      ),
    )
    await fc.assert(
      fc.asyncProperty(value, async (text) => {
        expect(await prometheus.query(fillQuery('up{job={{job}},nobody="here"}', { job: text }))).toEqual([])
      }),
      { numRuns: 150 },
    )
    expect(await prometheus.query(fillQuery('up{job={{job}}}', { job: 'self' }))).toHaveLength(1)
  },
  90_000,
)

function peerAt(url: string): Peer {
  const peer = createPeer({ url }, '.', 'prometheus')
  if (peer === undefined) throw new Error('an address was given')
  return peer
}
