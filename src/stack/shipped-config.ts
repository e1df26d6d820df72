/** Owns turning the shipped Prometheus and Alertmanager configuration into that of a loop on this machine. Rules are used as they are. */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseDocument, type Document } from 'yaml'
import { z } from 'zod'

const SHIPPED = fileURLToPath(new URL('../..', import.meta.url))

export interface LoopAddresses {
  /** HOST:PORT of each part. */
  readonly exporter: string
  readonly remediator: string
  readonly alertmanager: string
}

const Jobs = z.array(z.object({ job_name: z.string() }))
const Receivers = z.array(z.object({ webhook_configs: z.array(z.unknown()).optional() }))

/** Writes prometheus.yml: the shipped one with this loop's addresses, intervals and the absolute path of the rules. */
export function writePrometheusConfig(file: string, addresses: LoopAddresses, scrapeIntervalMs: number): void {
  const document = readShipped('prometheus/prometheus.yml')
  const scrape = promDuration(scrapeIntervalMs)
  // Judged as often as measured: more often costs much and tells nothing new.
  const evaluation = promDuration(Math.max(500, scrapeIntervalMs))
  document.setIn(['global', 'scrape_interval'], scrape)
  document.setIn(['global', 'scrape_timeout'], scrape)
  document.setIn(['global', 'evaluation_interval'], evaluation)
  document.set('rule_files', [path.join(SHIPPED, 'prometheus', 'rules', '*.yml')])
  document.setIn(['alerting', 'alertmanagers'], [{ static_configs: [{ targets: [addresses.alertmanager] }] }])
  const targets: Readonly<Record<string, string>> = {
    'procwarden-exporter': addresses.exporter,
    'procwarden-remediator': addresses.remediator,
  }
  for (const [index, job] of Jobs.parse(document.toJS().scrape_configs).entries()) {
    const target = targets[job.job_name]
    if (target === undefined) continue
    for (const key of ['scrape_interval', 'scrape_timeout']) document.deleteIn(['scrape_configs', index, key])
    document.setIn(['scrape_configs', index, 'static_configs'], [{ targets: [target] }])
  }
  writeFileSync(file, document.toString())
}

/** Writes alertmanager.yml: the shipped one with this loop's webhook address and token file. */
export function writeAlertmanagerConfig(file: string, addresses: LoopAddresses, tokenFile: string): void {
  const document = readShipped('alertmanager/alertmanager.yml')
  for (const [index, receiver] of Receivers.parse(document.toJS().receivers).entries()) {
    for (const hook of (receiver.webhook_configs ?? []).keys()) {
      const at = ['receivers', index, 'webhook_configs', hook]
      document.setIn([...at, 'url'], `http://${addresses.remediator}/api/webhook`)
      document.setIn([...at, 'http_config', 'authorization'], { type: 'Bearer', credentials_file: tokenFile })
    }
  }
  writeFileSync(file, document.toString())
}

function readShipped(name: string): Document {
  const document = parseDocument(readFileSync(path.join(SHIPPED, name), 'utf8'))
  if (document.errors[0]) throw document.errors[0]
  return document
}

/** As Prometheus and Grafana write durations. */
export function promDuration(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`
}
