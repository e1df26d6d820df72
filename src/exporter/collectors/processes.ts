/** Owns the series of groups and processes. Never names a group and never reads /proc: the table does the one, its source the other. */
import type { Collector } from '../collector.ts'
import { OperationalError } from '../../lib/errors.ts'
import type { Exposition } from '../exposition.ts'
import type { ProcessTable } from '../process-table.ts'
import type { TrackedProcess } from '../tracked-process.ts'
import { countDescendants } from '../descendants.ts'
import { selectProcesses } from '../process-selection.ts'
import { UNREADABLE_SOURCES, type ProcessSource } from '../sources/process-source.ts'
import type { UserNames } from '../sources/user-names.ts'
import { writeGroups } from './group-families.ts'
import { PROCESSES_UNREADABLE, writeProcesses } from './process-families.ts'

export interface ProcessesCollectorOptions {
  readonly table: ProcessTable
  readonly source: ProcessSource
  readonly clock: { nowMs(): number }
  readonly userNames: UserNames & { refresh(): void }
  readonly perProcessMax: () => number
  /** Empty for what no rule of the table of categories fits. */
  readonly categoryOf: (process: TrackedProcess) => string
  readonly categoryOfName: (group: string) => string
  readonly memoryTotalBytes: number
  /** Hands over the file creations so far, so that a writer is chosen and counted in the very scrape that follows its storm. */
  readonly drainFiles: () => Promise<void>
}

export interface ProcessesCollector extends Collector {
  /** Brings the table up to date unless it is younger than `ageMsMax`. Requests under way share one scan. */
  refresh(ageMsMax: number): Promise<void>
  /** How often a living process was left without series of its own, added up over scrapes. */
  readonly dropped: () => number
}

export function createProcessesCollector(options: ProcessesCollectorOptions): ProcessesCollector {
  const { table, clock } = options
  let underWay: Promise<void> | undefined
  let selectedMs: number | undefined
  let dropped = 0

  const scan = async (): Promise<void> => {
    const startedMs = clock.nowMs()
    table.apply(await options.source.scan(), startedMs)
  }
  const refresh = (ageMsMax: number): Promise<void> => {
    if (underWay !== undefined) return underWay
    if (table.lastScanMs !== undefined && Math.abs(clock.nowMs() - table.lastScanMs) < ageMsMax) return Promise.resolve()
    underWay = scan().finally(() => {
      underWay = undefined
    })
    return underWay
  }
  const select = (processes: readonly TrackedProcess[]): TrackedProcess[] => {
    const nowMs = clock.nowMs()
    const elapsedSeconds = selectedMs === undefined ? 1 : Math.max(0, nowMs - selectedMs) / 1000
    selectedMs = nowMs
    return selectProcesses(processes, { max: options.perProcessMax(), elapsedSeconds, memoryTotalBytes: options.memoryTotalBytes })
  }

  return {
    name: 'processes',
    refresh,
    dropped: () => dropped,
    collect: async (out: Exposition) => {
      await options.drainFiles()
      await refresh(0)
      const processes = [...table.processes()].filter((process) => process.sample !== undefined)
      if (processes.length === 0) throw new OperationalError('no process can be seen in /proc', { reason: 'scan' })
      const chosen = select(processes)
      dropped += processes.length - chosen.length
      options.userNames.refresh()
      const userName = (uid: number): string => options.userNames.nameOf(uid)
      writeGroups(out, table, processes, { userName, categoryOf: options.categoryOf, categoryOfName: options.categoryOfName })
      countDescendants(processes, table)
      writeProcesses(out, chosen, { attributesFiles: table.attributesFiles, userName })
      out.family(
        PROCESSES_UNREADABLE,
        UNREADABLE_SOURCES.map((source) => [[source], table.unreadable?.[source] ?? 0]),
      )
    },
  }
}
