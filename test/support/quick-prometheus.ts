/** Owns a second Prometheus beside a running loop: same targets, same rules, but what takes minutes there takes seconds. */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parse, stringify } from 'yaml'
import { z } from 'zod'
import { choosePort } from '../../src/stack/ports.ts'
import { findTool } from '../../src/stack/tools.mjs'
import { writeHistory, type CalmSignal } from './learned-history.ts'
import { temporaryDirectory, temporaryProcess } from './temporary.ts'
import { waitFor } from './wait-for.ts'

const RULES = path.resolve(import.meta.dirname, '../../prometheus/rules')
const Config = z.looseObject({ rule_files: z.array(z.string()), alerting: z.unknown(), scrape_configs: z.array(z.looseObject({})) })

export interface QuickOptions {
  /** What programs have always done, in the days before. */
  readonly signals?: readonly CalmSignal[]
  /** The only programs of the machine that it looks at; all when left out. Others may be many, and each is judged every 5 s. */
  readonly groups?: readonly string[]
  /** Its alerts are its own otherwise. */
  readonly tellsAlertmanager?: boolean
}

/** What takes the shipped rules minutes, one group waiting for another, takes seconds there. Ended after the test. */
export async function startQuickPrometheus(stateDir: string, options: QuickOptions = {}): Promise<string> {
  const { signals = [], groups, tellsAlertmanager = false } = options
  const directory = temporaryDirectory()
  if (signals.length > 0) writeHistory(path.join(directory, 'data'), 'procwarden-exporter', signals)
  for (const name of readdirSync(RULES)) {
    writeFileSync(
      path.join(directory, name),
      readFileSync(path.join(RULES, name), 'utf8')
        .replaceAll(/^( *)interval: [124]m$/gm, '$1interval: 5s')
        .replaceAll(/rate\((procwarden_group_\w+)\[5m\]\)/g, 'rate($1[20s])')
        .replaceAll('procwarden:signal:above[5m]', 'procwarden:signal:above[20s]')
        .replaceAll(
          /procwarden:signal:above offset (\d)m/g,
          (_all, minutes: string) => `procwarden:signal:above offset ${Number(minutes) * 4}s`,
        ),
    )
  }
  const { alerting, scrape_configs, ...config } = Config.parse(parse(readFileSync(path.join(stateDir, 'prometheus.yml'), 'utf8')))
  const configFile = path.join(directory, 'prometheus.yaml')
  writeFileSync(
    configFile,
    stringify({
      ...config,
      ...(tellsAlertmanager ? { alerting } : {}),
      scrape_configs: scrape_configs.map((job) => ({ ...job, ...only(groups) })),
      rule_files: [path.join(directory, '*.yml')],
    }),
  )
  const port = await choosePort('prometheus', 0)
  const args = [
    `--config.file=${configFile}`,
    `--web.listen-address=127.0.0.1:${port}`,
    `--storage.tsdb.path=${directory}/data`,
    '--log.level=error',
  ]
  await temporaryProcess(findTool('prometheus') ?? 'prometheus', args)
  const url = `http://127.0.0.1:${port}`
  await waitFor('the quick Prometheus', async () => (await fetch(`${url}/-/ready`).catch(() => undefined))?.ok === true)
  return url
}

/** Series of no program at all stay. */
function only(groups: readonly string[] | undefined) {
  if (groups === undefined) return {}
  const names = groups.map((group) => group.replaceAll(/[^\w-]/g, String.raw`\$&`))
  return { metric_relabel_configs: [{ source_labels: ['group'], regex: ['', ...names].join('|'), action: 'keep' }] }
}
