/** Owns putting the exporter together, replacing its configuration while it runs, and taking it down in order. */
import os from 'node:os'
import { systemClock, type Clock } from '../lib/clock.ts'
import { listen, parseListenAddress } from '../lib/http.ts'
import { createFanotify } from '../lib/linux/fanotify.ts'
import { loadLibc } from '../lib/linux/libc.ts'
import { createProcfs, readProcessIdentity, readStat } from '../lib/linux/proc-process.ts'
import { createLogger, type Logger } from '../lib/log.ts'
import { readVersion } from '../lib/version.ts'
import { viewFiles } from './api/files.ts'
import { viewProcesses, type ProcessView } from './api/processes.ts'
import { createExporterApp } from './app.ts'
import type { Collector } from './collector.ts'
import { createExporterCollector } from './collectors/exporter.ts'
import { createFilesCollector } from './collectors/files.ts'
import { createProcessesCollector, type ProcessesCollector } from './collectors/processes.ts'
import { DEFAULT_LISTEN_ADDRESS, DEFAULT_PROCFS, loadExporterSettings, type ExporterOptions, type ExporterSettings } from './config.ts'
import { FileWatch } from './file-watch.ts'
import { ProcessTable } from './process-table.ts'
import { createRegistry } from './registry.ts'
import { createRuntimeMetrics } from './runtime-metrics.ts'
import { createUserNames, type UserNames } from './sources/user-names.ts'
import type { ProcessSource } from './sources/process-source.ts'
import { createWorkerProcessSource } from './sources/worker-process-source.ts'

export type { ExporterOptions } from './config.ts'

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
  readonly userNames: UserNames & { refresh(): void }
}

/** /api/processes may be this old; a scrape is never. */
const API_AGE_MS_MAX = 2000

/**
 * Starts the exporter and resolves when it serves. Rejects with UsageError for a bad configuration or a taken port, and
 * with OperationalError when a backend is demanded that the machine does not allow.
 */
export async function runExporter(options: ExporterOptions, logger?: Logger): Promise<RunningExporter> {
  const log = logger ?? createLogger({ part: 'exporter', level: options.logLevel ?? 'info', format: options.logFormat ?? 'text' })
  const address = parseListenAddress(options.listenAddress ?? DEFAULT_LISTEN_ADDRESS)
  const clock = systemClock()
  const startMs = clock.nowMs()
  let settings = loadExporterSettings(options)
  const instruments = assemble(() => settings, options, clock, log)
  const { table, processes, watch } = instruments
  const runtime = createRuntimeMetrics()
  const collectors: Collector[] = [
    ...(watch ? [createFilesCollector(watch)] : []),
    ...(processes ? [processes] : []),
    createExporterCollector({
      version: readVersion(),
      startMs,
      dropped: () => ({ process: processes?.dropped() ?? 0, group: table.foldedGroups, directory: watch?.counts.folded ?? 0 }),
    }),
  ]
  const registry = createRegistry({ collectors, deadlineMs: () => settings.collectorDeadlineMs, log })
  const reload = async (): Promise<void> => {
    const next = loadExporterSettings(options)
    settings = next
    table.reconfigure(next.processes)
    await watch?.reconfigure(next.files)
    log.info('the configuration is read anew')
  }
  const release = async (): Promise<void> => {
    await watch?.close()
    await instruments.source.close()
    runtime.close()
  }
  const app = createExporterApp({
    address,
    log,
    reload,
    notReady: () => undefined,
    metrics: async () => (await registry.scrape()) + (await runtime.text()),
    processes: processes && (() => listProcesses(instruments, processes)),
    files: watch && (() => watch.drain().then(() => viewFiles(watch))),
  })
  try {
    await watch?.start()
    table.setAttributesFiles(watch?.attributes ?? false)
    const server = await listen(app, address, 'exporter')
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

function assemble(settings: () => ExporterSettings, options: ExporterOptions, clock: Clock, log: Logger): Instruments {
  const procfsRoot = options.procfs ?? DEFAULT_PROCFS
  const procfs = createProcfs(clock, procfsRoot)
  const { processes, files } = settings()
  const table = new ProcessTable({
    settings: processes,
    clock,
    startTicksOf: (pid) => readStat(pid, procfs)?.startTicks,
    identify: (pid) => readProcessIdentity(pid, procfs),
  })
  const watch = files.enabled
    ? new FileWatch({
        settings: files,
        clock,
        log,
        openFanotify: () => createFanotify(loadLibc()),
        // Without scans nothing would ever tell the table that a process has ended.
        credit: processes.enabled ? (pid, count) => table.addFilesCreated(pid, count).name : undefined,
      })
    : undefined
  const source = createWorkerProcessSource({ procfsRoot, descriptorsMax: processes.descriptorsMax })
  const userNames = createUserNames()
  const collector = processes.enabled
    ? createProcessesCollector({
        table,
        source,
        clock,
        userNames,
        perProcessMax: () => settings().processes.perProcessMax,
        memoryTotalBytes: os.totalmem(),
        // A fault there is the files collector's to report, and must not take the processes with it.
        drainFiles: async () => watch?.drain().catch(() => undefined),
      })
    : undefined
  return { table, source, processes: collector, watch, userNames }
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
