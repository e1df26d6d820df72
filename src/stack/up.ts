/** Owns the whole loop on one machine: configuration, order of starting, readiness, and stopping everything whatever happens. */
import { spawnSync } from 'node:child_process'
import { accessSync, constants, rmSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { UsageError, messageOf } from '../lib/errors.ts'
import type { Logger } from '../lib/log.ts'
import { writeFreshToken } from '../lib/token.ts'
import { Child, type PartCommand } from './child.ts'
import { searchPath } from './config.ts'
import { findGrafanaHome, prepareGrafana } from './grafana.ts'
import { choosePort } from './ports.ts'
import { waitForFirstScrape, waitUntilReady } from './readiness.ts'
import { writeAlertmanagerConfig, writePrometheusConfig } from './shipped-config.ts'
import { announceLoop, findRunningLoop, prepareStateDir, tokenFile, withdrawLoop } from './state-dir.ts'
import { findTool } from './tools.mjs'

export interface UpOptions {
  readonly stateDir: string
  readonly mode: string
  readonly watch: readonly string[]
  readonly scrapeIntervalMs: number
  readonly ports: Readonly<Record<keyof Addresses | 'grafana', number>>
  /** Whether a Grafana is started where there is one on this machine. */
  readonly grafana: boolean
  readonly exporterConfig?: string | undefined
  readonly remediatorConfig?: string | undefined
  readonly logLevel: string
}

/** The addresses of the parts, as `procwarden up --json` prints them. */
export interface LoopReport {
  readonly exporter: string
  readonly remediator: string
  readonly prometheus: string
  readonly alertmanager: string
  readonly grafana: string | null
  readonly stateDir: string
}

export interface RunningStack {
  readonly report: LoopReport
  /** Ends all parts; resolves when none is left. */
  stop(): Promise<void>
}

/** Together below the 10 s that an orderly stop may take. */
const STOP_GRACE_MS = 7_000

/** Starts everything and waits until it works. Throws UsageError, with nothing left running, when it does not. */
export async function startStack(options: UpOptions, log: Logger, signal: AbortSignal): Promise<RunningStack> {
  const binaries = { prometheus: requireTool('prometheus'), alertmanager: requireTool('alertmanager') }
  prepareStateDir(options.stateDir)
  const other = findRunningLoop(options.stateDir)
  if (other)
    throw new UsageError(
      `a loop already runs on ${options.stateDir} (pid ${other.pid}): stop it, or choose another folder with --state.dir`,
    )
  const addresses = await chooseAddresses(options.ports)
  writeFreshToken(tokenFile(options.stateDir))
  writePrometheusConfig(path.join(options.stateDir, 'prometheus.yml'), addresses, options.scrapeIntervalMs)
  writeAlertmanagerConfig(path.join(options.stateDir, 'alertmanager.yml'), addresses, tokenFile(options.stateDir))

  // What Alertmanager notified before would keep it from telling this remediator, in its perhaps bolder mode, for minutes.
  rmSync(path.join(options.stateDir, 'alertmanager', 'nflog'), { force: true })
  const setpriv = findSetpriv()
  const start = (part: PartCommand): Child => new Child(part, log, setpriv)
  const children = partCommands(options, addresses, binaries).map(start)
  const grafanaPart = await findGrafana(options, addresses, log)
  let grafana = grafanaPart && start(grafanaPart)
  const stop = async (): Promise<void> => {
    withdrawLoop(options.stateDir)
    await Promise.all([...children, ...(grafana ? [grafana] : [])].map((child) => child.stop(STOP_GRACE_MS)))
  }
  try {
    for (const child of [...children, ...(grafana ? [grafana] : [])]) child.start()
    await Promise.all(children.map((child) => waitUntilReady(child, log, signal)))
    log.info('All parts are ready; waiting for the first measurement')
    await waitForFirstScrape(`http://${addresses.prometheus}`, children, signal)
    grafana = grafana && (await readyOrGone(grafana, log, signal))
    for (const child of [...children, ...(grafana ? [grafana] : [])]) child.keepAlive()
    const report: LoopReport = {
      exporter: `http://${addresses.exporter}`,
      remediator: `http://${addresses.remediator}`,
      prometheus: `http://${addresses.prometheus}`,
      alertmanager: `http://${addresses.alertmanager}`,
      grafana: grafana ? new URL(grafana.part.readyUrl).origin : null,
      stateDir: options.stateDir,
    }
    announceLoop(options.stateDir, { ...report, watch: [...options.watch] })
    return { report, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Dashboards are worth a word when they do not come, and nothing more: everything else works without them. */
async function readyOrGone(grafana: Child, log: Logger, signal: AbortSignal): Promise<Child | undefined> {
  try {
    await waitUntilReady(grafana, log, signal)
    return grafana
  } catch (error) {
    // Whoever stops everything stops this one too.
    signal.throwIfAborted()
    log.warn(`There are no dashboards: ${messageOf(error)}`)
    await grafana.stop(STOP_GRACE_MS)
    return undefined
  }
}

/** How the Grafana of this machine is started, or undefined when there is none or none is wanted. */
async function findGrafana(options: UpOptions, addresses: Addresses, log: Logger): Promise<PartCommand | undefined> {
  const binary = options.grafana ? findTool('grafana') : undefined
  if (binary === undefined) return undefined
  const homePath = findGrafanaHome(binary)
  if (homePath === undefined) {
    log.warn(`${binary} is left alone: the folder with its conf/defaults.ini was not found`)
    return undefined
  }
  const { stateDir, scrapeIntervalMs } = options
  const address = `127.0.0.1:${await choosePort('grafana', options.ports.grafana)}`
  return prepareGrafana({ ...addresses, binary, homePath, stateDir, scrapeIntervalMs, address })
}

type Addresses = Record<'exporter' | 'remediator' | 'prometheus' | 'alertmanager', string>

/** One after the other: two free ports picked at the same time could be the same. */
async function chooseAddresses(ports: UpOptions['ports']): Promise<Addresses> {
  return {
    exporter: `127.0.0.1:${await choosePort('exporter', ports.exporter)}`,
    remediator: `127.0.0.1:${await choosePort('remediator', ports.remediator)}`,
    prometheus: `127.0.0.1:${await choosePort('prometheus', ports.prometheus)}`,
    alertmanager: `127.0.0.1:${await choosePort('alertmanager', ports.alertmanager)}`,
  }
}

function partCommands(
  options: UpOptions,
  addresses: Addresses,
  binaries: { readonly prometheus: string; readonly alertmanager: string },
): PartCommand[] {
  const { stateDir } = options
  const cli = fileURLToPath(new URL(`../cli/main${path.extname(import.meta.url)}`, import.meta.url))
  const node = (name: 'exporter' | 'remediator', args: readonly string[], config: string | undefined): PartCommand => ({
    name,
    command: process.execPath,
    args: [
      cli,
      name,
      '--web.listen-address',
      addresses[name],
      '--log.level',
      options.logLevel,
      ...(config === undefined ? [] : ['--config.file', config]),
      ...args,
    ],
    readyUrl: `http://${addresses[name]}/-/ready`,
    logFile: path.join(stateDir, 'logs', `${name}.log`),
    isShown: true,
  })
  const server = (name: 'prometheus' | 'alertmanager', args: readonly string[]): PartCommand => ({
    name,
    command: binaries[name],
    args: [`--config.file=${path.join(stateDir, `${name}.yml`)}`, `--web.listen-address=${addresses[name]}`, ...args],
    readyUrl: `http://${addresses[name]}/-/ready`,
    logFile: path.join(stateDir, 'logs', `${name}.log`),
    isShown: false,
  })
  return [
    node(
      'exporter',
      ['--collector.files.exclude', stateDir, ...options.watch.flatMap((directory) => ['--collector.files.watch', directory])],
      options.exporterConfig,
    ),
    node(
      'remediator',
      [
        '--state.dir',
        stateDir,
        '--mode',
        options.mode,
        '--prometheus.url',
        `http://${addresses.prometheus}`,
        '--exporter.url',
        `http://${addresses.exporter}`,
        '--alertmanager.url',
        `http://${addresses.alertmanager}`,
        '--host.instance',
        addresses.exporter,
        '--never.tree',
        String(process.pid),
      ],
      options.remediatorConfig,
    ),
    server('alertmanager', [`--storage.path=${path.join(stateDir, 'alertmanager')}`, '--cluster.listen-address=', '--log.level=warn']),
    server('prometheus', [
      `--storage.tsdb.path=${path.join(stateDir, 'prometheus')}`,
      '--storage.tsdb.retention.time=15d',
      '--storage.tsdb.retention.size=2GB',
      // An alert that fires before Prometheus has found Alertmanager, as after a restart during a storm, goes nowhere; by
      // default it is sent again only after a minute.
      '--rules.alert.resend-delay=10s',
      '--log.level=warn',
    ]),
  ]
}

function requireTool(name: 'prometheus' | 'alertmanager'): string {
  const found = findTool(name)
  if (found === undefined) {
    throw new UsageError(
      `${name} is not on this machine: run \`npm start\` once, which fetches it, or install it (Debian: ${name === 'prometheus' ? 'prometheus' : 'prometheus-alertmanager'}), or use docker compose`,
    )
  }
  return found
}

/** The one of util-linux; others of that name (BusyBox') cannot do what it is needed for. */
function findSetpriv(): string | undefined {
  const file = searchPath()
    .map((directory) => path.join(directory, 'setpriv'))
    .find((each) => isExecutable(each))
  if (file === undefined) return undefined
  return spawnSync(file, ['--pdeathsig', 'TERM', '--', 'true'], { stdio: 'ignore' }).status === 0 ? file : undefined
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
