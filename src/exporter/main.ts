/** Owns putting the exporter together, replacing its configuration while it runs, and taking it down in order. */
import os from 'node:os'
import { systemClock, type Clock } from '../lib/clock.ts'
import { listen, parseListenAddress } from '../lib/http.ts'
import { createFanotify } from '../lib/linux/fanotify.ts'
import { loadLibc } from '../lib/linux/libc.ts'
import { createProcConnector } from '../lib/linux/netlink-proc.ts'
import { createProcfs, readProcessIdentity, readStat, type Procfs } from '../lib/linux/proc-process.ts'
import { createLogger, type Logger } from '../lib/log.ts'
import { readVersion } from '../lib/version.ts'
import { createClassify } from './api/classification.ts'
import { viewFiles } from './api/files.ts'
import { viewProcesses, type ProcessView } from './api/processes.ts'
import { viewStatus } from './api/system.ts'
import { createExporterApp } from './app.ts'
import type { Collector } from './collector.ts'
import { createExporterCollector } from './collectors/exporter.ts'
import { createFilesCollector } from './collectors/files.ts'
import { createProcessesCollector, type ProcessesCollector } from './collectors/processes.ts'
import {
  DEFAULT_LISTEN_ADDRESS,
  DEFAULT_PROCFS,
  DEFAULT_SYSFS,
  type ExporterOptions,
  type ExporterSettings,
  type ProcessesBackend,
} from './settings.ts'
import { readConfiguration, type Configuration } from './settings-reader.ts'
import type { Crediting } from './file-activity.ts'
import { FileCredit } from './file-credit.ts'
import { FileWatch } from './file-watch.ts'
import { createCategoryOf, createCategoryOfName } from './group-category.ts'
import { createLifecycle, type Lifecycle } from './lifecycle.ts'
import { createMachine, type Machine } from './machine.ts'
import { ProcessTable } from './process-table.ts'
import { createRegistry } from './registry.ts'
import { createUserNames, type UserNames } from './sources/user-names.ts'
import type { ProcessSource } from './sources/process-source.ts'
import { createWorkerProcessSource } from './sources/worker-process-source.ts'

export type { ExporterOptions } from './settings.ts'

export interface RunningExporter {
  readonly url: string
  /** Reads the configuration anew; rejects with UsageError when it is refused, and the old one stays in force. */
  reload(): Promise<void>
  close(): Promise<void>
}

/** What the collectors measure with. */
interface Instruments {
  readonly table: ProcessTable
  readonly source: ProcessSource
  readonly processes: ProcessesCollector | undefined
  readonly watch: FileWatch | undefined
  readonly lifecycle: Lifecycle | undefined
  readonly machine: Machine
  readonly userNames: UserNames & { refresh(): void }
}

/** /api/processes may be this old; a scrape is never. */
const API_AGE_MS_MAX = 2000

/**
 * Starts the exporter and resolves when it serves; `configuration` is given when it has been asked for already. Rejects with
 * UsageError for a bad configuration or a taken port, and with OperationalError when a backend is demanded that the machine
 * does not allow.
 */
export async function runExporter(
  options: ExporterOptions,
  logger?: Logger,
  configuration?: Promise<Configuration>,
): Promise<RunningExporter> {
  const log = logger ?? createLogger({ part: 'exporter', level: options.logLevel ?? 'info', format: options.logFormat ?? 'text' })
  const address = parseListenAddress(options.listenAddress ?? DEFAULT_LISTEN_ADDRESS)
  const clock = systemClock()
  const startMs = clock.nowMs()
  const first = await (configuration ?? readConfiguration(options))
  let { settings } = first
  const instruments = await assemble(() => settings, first, options, clock, log)
  const { table, processes, watch, lifecycle, machine } = instruments
  const version = readVersion()
  const collectors = listCollectors(instruments, version, startMs)
  const registry = createRegistry({ collectors, deadlineMs: () => settings.collectorDeadlineMs, log })
  const reload = async (): Promise<void> => {
    const { settings: next } = await readConfiguration(options)
    settings = next
    table.reconfigure(next.processes)
    lifecycle?.renamed()
    machine.reconfigure()
    await watch?.reconfigure(next.files)
    log.info('the configuration is read anew')
  }
  const release = (): Promise<void> => releaseAll(instruments)
  const app = createExporterApp({
    address,
    log,
    reload,
    notReady: () => undefined,
    version,
    metrics: {
      collectorNames: registry.collectorNames,
      write: (out, format, only) => {
        machine.api?.observe()
        return registry.scrape(out, format, only)
      },
    },
    status: () => viewStatus({ version, startMs, nowMs: clock.nowMs(), collectorNames: registry.collectorNames }),
    system: machine.api,
    processes: processes && (() => listProcesses(instruments, processes)),
    files: watch && (() => watch.drain().then(() => viewFiles(watch))),
  })
  try {
    await watch?.start()
    table.setAttributesFiles(watch?.attributes ?? false)
    // Whoever ends before the first scrape has a name then. A fault here is the first scrape's to report.
    await processes?.refresh(0).catch(() => undefined)
    const server = await listen(app, address, 'exporter', { webConfigFile: options.webConfigFile, log })
    machine.start()
    log.info(`serving metrics on ${server.url}/metrics`)
    return {
      url: server.url,
      reload,
      close: async () => {
        await server.close()
        await release()
      },
    }
  } catch (error) {
    await release()
    throw error
  }
}

/** In the order of the output. */
function listCollectors(instruments: Instruments, version: string, startMs: number): Collector[] {
  const { table, processes, watch, lifecycle, machine } = instruments
  return [
    ...(watch ? [createFilesCollector(watch)] : []),
    ...(processes ? [processes] : []),
    ...(lifecycle ? [lifecycle.collector] : []),
    ...machine.collectors,
    createExporterCollector({
      version,
      startMs,
      dropped: () => ({ process: processes?.dropped() ?? 0, group: table.foldedGroups, directory: watch?.activity.counts.folded ?? 0 }),
    }),
  ]
}

async function releaseAll({ watch, lifecycle, machine, source }: Instruments): Promise<void> {
  await watch?.close()
  lifecycle?.close()
  machine.close()
  await source.close()
}

async function assemble(
  settings: () => ExporterSettings,
  { categories }: Configuration,
  options: ExporterOptions,
  clock: Clock,
  log: Logger,
): Promise<Instruments> {
  const procfsRoot = options.procfs ?? DEFAULT_PROCFS
  const { processes, files } = settings()
  const procfs = isPortable(processes.backend) ? undefined : createProcfs(clock, procfsRoot)
  const userNames = createUserNames()
  userNames.refresh()
  const table = createTable(settings(), procfs, clock, userNames)
  const watch: FileWatch | undefined = files.enabled
    ? new FileWatch({
        settings: files,
        clock,
        log,
        openFanotify: () => createFanotify(loadLibc()),
        // Without scans nothing would ever tell the table that a process has ended.
        crediting: processes.enabled ? creditTo(table, clock, () => lifecycle) : undefined,
      })
    : undefined
  const source =
    procfs === undefined
      ? (await import('./sources/portable-process-source.ts')).createPortableProcessSource()
      : createWorkerProcessSource({ procfsRoot, descriptorsMax: processes.descriptorsMax })
  const collector: ProcessesCollector | undefined = processes.enabled
    ? createProcessesCollector({
        table,
        source,
        clock,
        userNames,
        categoryOf: createCategoryOf(categories, (uid) => userNames.nameOf(uid)),
        categoryOfName: createCategoryOfName(categories),
        perProcessMax: () => settings().processes.perProcessMax,
        memoryTotalBytes: os.totalmem(),
        // A fault there is the files collector's to report, and must not take the processes with it.
        drainFiles: async () => watch?.drain().catch(() => undefined),
      })
    : undefined
  const lifecycle: Lifecycle | undefined =
    collector !== undefined && settings().lifecycle.enabled
      ? createLifecycle({
          table,
          clock,
          log,
          openConnector: procfs?.root === DEFAULT_PROCFS ? () => createProcConnector(loadLibc()) : undefined,
          openFanotify: () => createFanotify(loadLibc()),
          scan: (ageMsMax) => collector.refresh(ageMsMax),
        })
      : undefined
  const machine = await createMachine({
    settings,
    procfsRoot,
    sysfsRoot: options.sysfs ?? DEFAULT_SYSFS,
    clock,
    log,
    table,
    processes: collector,
    classify: createClassify(categories, (uid) => userNames.nameOf(uid)),
  })
  return { table, source, processes: collector, watch, lifecycle, machine, userNames }
}

function createTable({ processes }: ExporterSettings, procfs: Procfs | undefined, clock: Clock, userNames: UserNames): ProcessTable {
  return new ProcessTable({
    settings: processes,
    clock,
    // The portable backend has start times of its own; what it has not listed yet, it cannot be asked about.
    startTicksOf: (pid) => (procfs === undefined ? undefined : readStat(pid, procfs)?.startTicks),
    identify: (pid) => (procfs === undefined ? undefined : readProcessIdentity(pid, procfs)),
    userName: (uid) => userNames.nameOf(uid),
  })
}

/** Files are counted before processes are followed, and credited with what is known of both. */
function creditTo(table: ProcessTable, clock: Clock, lifecycle: () => Lifecycle | undefined): Crediting {
  const credit = new FileCredit({ clock, lifeOf: (pid) => lifecycle()?.lifeOf(pid) })
  return {
    prepare: () => lifecycle()?.refresh(),
    creditorOf: (pid, count) => credit.creditorOf(pid, count),
    credit: (pid, count) => table.addFilesCreated(pid, count).name,
    creditDeleted: (pid, count) => table.addFilesDeleted(pid, count),
    examined: (pid, group, isDuplicate) => table.addFileExamined(pid, group, isDuplicate),
  }
}

function isPortable(backend: ProcessesBackend): boolean {
  return backend === 'portable' || (backend === 'auto' && process.platform !== 'linux')
}

async function listProcesses(instruments: Instruments, collector: ProcessesCollector): Promise<ProcessView[]> {
  const { table, userNames } = instruments
  await collector.refresh(API_AGE_MS_MAX)
  userNames.refresh()
  return viewProcesses(table.processes(), {
    memoryTotalBytes: os.totalmem(),
    attributesFiles: table.attributesFiles,
    userName: (uid) => userNames.nameOf(uid),
  })
}
