/** Owns a real Prometheus that already has a history: written as OpenMetrics, made into blocks by promtool. Ended after the test. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { choosePort } from '../../src/stack/ports.ts'
import { findTool } from '../../src/stack/tools.mjs'
import { temporaryDirectory, temporaryProcess } from './temporary.ts'
import { waitFor } from './wait-for.ts'

export interface HistorySeries {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  /** Unix seconds and values, in order of time. */
  readonly samples: ReadonlyArray<readonly [number, number]>
}

export interface HistoryOptions {
  /** Paths of rule files that it evaluates from now on. */
  readonly ruleFiles?: readonly string[]
  /** In the format of --web.config.file. */
  readonly webConfig?: unknown
  /** How the readiness check reaches it, where that takes credentials. */
  readonly fetchReady?: (url: string) => Promise<boolean>
  readonly scheme?: 'http' | 'https'
}

/** Its address. */
export async function startHistoryPrometheus(series: readonly HistorySeries[], options: HistoryOptions = {}): Promise<string> {
  const directory = temporaryDirectory()
  const data = path.join(directory, 'data')
  if (series.length > 0) {
    const file = path.join(directory, 'history.om')
    writeFileSync(file, openMetrics(series))
    execFileSync(findTool('promtool') ?? 'promtool', ['tsdb', 'create-blocks-from', 'openmetrics', '--quiet', file, data], {
      stdio: 'pipe',
    })
  }
  const configFile = path.join(directory, 'prometheus.yml')
  writeFileSync(configFile, JSON.stringify({ global: { evaluation_interval: '1s' }, rule_files: options.ruleFiles ?? [] }))
  const webFile = path.join(directory, 'web.yml')
  writeFileSync(webFile, JSON.stringify(options.webConfig ?? {}))
  const port = await choosePort('prometheus', 0)
  await temporaryProcess(findTool('prometheus') ?? 'prometheus', [
    `--config.file=${configFile}`,
    `--web.config.file=${webFile}`,
    `--web.listen-address=127.0.0.1:${port}`,
    `--storage.tsdb.path=${data}`,
    '--storage.tsdb.retention.time=100y',
    '--log.level=error',
  ])
  const url = `${options.scheme ?? 'http'}://127.0.0.1:${port}`
  const isReady =
    options.fetchReady ?? (async (address: string) => (await fetch(`${address}/-/ready`).catch(() => undefined))?.status === 200)
  await waitFor('the Prometheus with a history', async () => isReady(url))
  return url
}

/** One family after the other, as the format demands. */
function openMetrics(series: readonly HistorySeries[]): string {
  const families = Map.groupBy(series, ({ name }) => name)
  const lines = [...families].flatMap(([name, members]) => [
    `# TYPE ${name} unknown`,
    ...members.flatMap(({ labels, samples }) => {
      const pairs = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`)
      return samples.map(([at, value]) => `${name}{${pairs.join(',')}} ${value} ${at}`)
    }),
  ])
  return `${lines.join('\n')}\n# EOF\n`
}
