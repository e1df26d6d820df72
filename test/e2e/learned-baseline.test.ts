/** Tests that a real Prometheus with eight days of history knows what is normal for a program, and says so when it misbehaves. */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { z } from 'zod'
import { choosePort } from '../../src/stack/ports.ts'
import { findTool } from '../../src/stack/tools.mjs'
import { exporterAs } from '../support/exporter-process.ts'
import { writeHistory } from '../support/learned-history.ts'
import { temporaryDirectory, temporaryProcess } from '../support/temporary.ts'
import { waitFor } from '../support/wait-for.ts'

const RULES = path.resolve(import.meta.dirname, '../../prometheus/rules')
const FIXTURE = path.resolve(import.meta.dirname, '../fixtures/busy-loop.mjs')
const GROUP = 'busy-loop.mjs'
const JOB = 'procwarden-exporter'
/** Cores: what the program has always used, between these two. */
const CALM = [0.04, 0.06] as const

const Alerts = z.object({
  data: z.object({
    alerts: z.array(
      z.object({ state: z.string(), labels: z.record(z.string(), z.string()), annotations: z.record(z.string(), z.string()) }),
    ),
  }),
})

test('a program that was calm for eight days and then spins is told with its own baseline', async () => {
  const exporter = await exporterAs({}, {})
  const instance = new URL(exporter.url).host
  const directory = temporaryDirectory()
  const data = path.join(directory, 'data')
  writeHistory(data, JOB, [{ signal: 'cpu', group: GROUP, instance, calm: CALM }])
  const prometheus = await startPrometheus(directory, data, instance)

  const learned = await waitFor(
    'the baseline to be learned',
    () => valueOf(prometheus, `procwarden:signal:mean1d{group="${GROUP}"}`),
    60_000,
  )
  expect(learned).toBeCloseTo(0.05, 3)
  expect(await firing(prometheus)).toEqual([])

  // Several, so that a busy machine leaves them half a core together.
  const busy = await Promise.all([1, 2, 3, 4].map(() => temporaryProcess(process.execPath, [FIXTURE])))
  const alerts = await waitFor(
    'both alerts about the busy program',
    async () => {
      const found = await firing(prometheus)
      return found.length >= 2 && found
    },
    150_000,
  )
  const multiple = alerts.find((alert) => alert.labels['alertname'] === 'CpuAboveBaseline')
  expect(multiple?.labels).toMatchObject({ signal: 'cpu', group: GROUP, instance, kind: 'anomaly' })
  // Five times 0.05 is below the floor of 0.25 above it.
  expect(multiple?.annotations).toMatchObject({ baseline: '0.050', threshold: '0.300', unit: 'cores' })
  expect(multiple?.annotations['description']).toMatch(new RegExp(`pid (${busy.map(({ pid }) => pid).join('|')}) `))
  const band = alerts.find((alert) => alert.labels['alertname'] === 'SignalOutOfRange')
  expect(band?.labels).toMatchObject({ signal: 'cpu', group: GROUP, direction: 'above' })
  expect(band?.annotations).toMatchObject({ baseline: '0.050', threshold: '0.310' })
  expect(Number(band?.annotations['current'])).toBeGreaterThan(0.31)
})

/** The shipped rules; what takes a minute takes seconds, and so do the five minutes of rates and of what has to last. */
async function startPrometheus(directory: string, data: string, instance: string): Promise<string> {
  for (const name of readdirSync(RULES)) {
    const rules = readFileSync(path.join(RULES, name), 'utf8')
      .replaceAll(/^( *)interval: \d+[ms]$/gm, '$1interval: 2s')
      .replaceAll(/rate\((\w+)\[5m\]\)/g, 'rate($1[20s])')
      .replaceAll('procwarden:signal:above[5m]', 'procwarden:signal:above[15s]')
      .replaceAll(
        /procwarden:signal:above offset (\d)m/g,
        (_all, minutes: string) => `procwarden:signal:above offset ${Number(minutes) * 3}s`,
      )
    writeFileSync(path.join(directory, name), rules)
  }
  const config = path.join(directory, 'prometheus.yaml')
  writeFileSync(
    config,
    stringify({
      global: { scrape_interval: '2s', evaluation_interval: '2s' },
      rule_files: [path.join(directory, '*.yml')],
      scrape_configs: [{ job_name: JOB, static_configs: [{ targets: [instance] }] }],
    }),
  )
  const url = `http://127.0.0.1:${await choosePort('prometheus', 0)}`
  const args = [`--config.file=${config}`, `--web.listen-address=${new URL(url).host}`, `--storage.tsdb.path=${data}`, '--log.level=error']
  await temporaryProcess(findTool('prometheus') ?? 'prometheus', args)
  await waitFor('Prometheus', async () => (await fetch(`${url}/-/ready`).catch(() => undefined))?.ok === true, 60_000)
  return url
}

async function valueOf(prometheus: string, query: string): Promise<number | undefined> {
  const response = await fetch(`${prometheus}/api/v1/query?${new URLSearchParams({ query }).toString()}`)
  const Answer = z.object({ data: z.object({ result: z.array(z.object({ value: z.tuple([z.number(), z.string()]) })) }) })
  const [first] = Answer.parse(await response.json()).data.result
  return first === undefined ? undefined : Number(first.value[1])
}

/** What fires about the busy program's CPU. */
async function firing(prometheus: string) {
  const { data } = Alerts.parse(await (await fetch(`${prometheus}/api/v1/alerts`)).json())
  return data.alerts.filter((alert) => alert.state === 'firing' && alert.labels['group'] === GROUP && alert.labels['signal'] === 'cpu')
}
