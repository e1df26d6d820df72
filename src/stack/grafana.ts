/**
 * Owns running a Grafana that is on this machine with the shipped dashboards: its configuration, what it is provisioned with,
 * and its command. Never downloads one, and touches nothing of a Grafana that runs as a service.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, realpathSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseDocument } from 'yaml'
import { z } from 'zod'
import { makeDirectory } from '../lib/make-directory.ts'
import type { PartCommand } from './child.ts'
import { promDuration } from './shipped-config.ts'

const SHIPPED = fileURLToPath(new URL('../../grafana', import.meta.url))
/** What people see first. */
const HOME = 'procwarden-fleet.json'

export interface GrafanaOptions {
  /** The program, as `findTool('grafana')` gives it. */
  readonly binary: string
  /** Where its pages and defaults are, as `findGrafanaHome` gives it. */
  readonly homePath: string
  readonly stateDir: string
  /** HOST:PORT of each. */
  readonly address: string
  readonly prometheus: string
  readonly remediator: string
  readonly scrapeIntervalMs: number
}

/** Folders of packages, where the one that belongs to the program is not beside it. */
const HOME_PATHS = ['/usr/share/grafana', '/usr/local/share/grafana', '/opt/homebrew/share/grafana']

/** The folder with Grafana's pages and defaults: beside the program in a release archive, elsewhere in packages. */
export function findGrafanaHome(binary: string): string | undefined {
  const beside = path.dirname(path.dirname(realpathSync(binary)))
  return [beside, path.join(beside, 'share', 'grafana'), ...HOME_PATHS].find((folder) =>
    existsSync(path.join(folder, 'conf', 'defaults.ini')),
  )
}

/** Writes what it needs below the state folder; returns how it is started. */
export function prepareGrafana(options: GrafanaOptions): PartCommand {
  const folder = path.join(options.stateDir, 'grafana')
  makeDirectory(folder)
  const dashboards = path.join(folder, 'dashboards')
  writeDashboards(dashboards, `http://${options.remediator}`)
  writeProvisioning(path.join(folder, 'provisioning'), dashboards, options)
  const config = path.join(folder, 'grafana.ini')
  writeFileSync(config, configText(folder, dashboards, options.address), { mode: 0o600 })
  // The program of old is a command of the new one.
  const command = path.basename(options.binary) === 'grafana-server' ? [] : ['server']
  return {
    name: 'grafana',
    command: options.binary,
    args: [...command, `--homepath=${options.homePath}`, `--config=${config}`],
    readyUrl: `http://${options.address}/api/health`,
    logFile: path.join(options.stateDir, 'logs', 'grafana.log'),
    isShown: false,
  }
}

/** The shipped dashboards, linking to the console of this loop. */
function writeDashboards(folder: string, console: string): void {
  mkdirSync(folder, { recursive: true })
  const shipped = path.join(SHIPPED, 'dashboards')
  for (const name of readdirSync(shipped).filter((file) => file.endsWith('.json'))) {
    const dashboard = Dashboard.parse(JSON.parse(readFileSync(path.join(shipped, name), 'utf8')))
    for (const variable of dashboard.templating.list) {
      if (variable['name'] !== 'console') continue
      variable['query'] = console
      variable['current'] = { text: console, value: console }
    }
    writeFileSync(path.join(folder, name), JSON.stringify(dashboard))
  }
}

const Dashboard = z.looseObject({ templating: z.looseObject({ list: z.array(z.record(z.string(), z.unknown())) }) })

/** The shipped files with this loop's Prometheus and dashboards. */
function writeProvisioning(folder: string, dashboards: string, options: GrafanaOptions): void {
  // Grafana complains of each kind of thing whose folder is not there.
  for (const kind of ['datasources', 'dashboards', 'plugins', 'alerting']) mkdirSync(path.join(folder, kind), { recursive: true })
  const datasources = readShipped('datasources')
  datasources.setIn(['datasources', 0, 'url'], `http://${options.prometheus}`)
  datasources.setIn(['datasources', 0, 'jsonData', 'timeInterval'], promDuration(options.scrapeIntervalMs))
  writeFileSync(path.join(folder, 'datasources', 'procwarden.yml'), datasources.toString())
  const providers = readShipped('dashboards')
  providers.setIn(['providers', 0, 'options', 'path'], dashboards)
  writeFileSync(path.join(folder, 'dashboards', 'procwarden.yml'), providers.toString())
}

function readShipped(kind: 'datasources' | 'dashboards') {
  const document = parseDocument(readFileSync(path.join(SHIPPED, 'provisioning', kind, 'procwarden.yml'), 'utf8'))
  if (document.errors[0]) throw document.errors[0]
  return document
}

/** On loopback alone; everyone there may look, and nobody has to log in or can. Asks nobody on the network for anything. */
function configText(folder: string, dashboards: string, address: string): string {
  const { hostname, port } = new URL(`http://${address}`)
  const sections: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    paths: {
      data: path.join(folder, 'data'),
      logs: path.join(folder, 'logs'),
      plugins: path.join(folder, 'plugins'),
      provisioning: path.join(folder, 'provisioning'),
    },
    server: { protocol: 'http', http_addr: hostname, http_port: port },
    'auth.anonymous': { enabled: 'true', org_role: 'Viewer' },
    auth: { disable_login_form: 'true' },
    security: { disable_initial_admin_creation: 'true' },
    dashboards: { default_home_dashboard_path: path.join(dashboards, HOME) },
    analytics: { reporting_enabled: 'false', check_for_updates: 'false', check_for_plugin_updates: 'false' },
    news: { news_feed_enabled: 'false' },
    plugins: { preinstall_disabled: 'true' },
    log: { mode: 'console', level: 'warn' },
  }
  return Object.entries(sections)
    .map(
      ([name, keys]) =>
        `[${name}]\n${Object.entries(keys)
          .map(([key, value]) => `${key} = ${value}\n`)
          .join('')}`,
    )
    .join('\n')
}
