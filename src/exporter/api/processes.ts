/** Owns what /api/processes tells: every process with its figures; what could not be read is null. */
import type { ProcessView } from './list-schemas.ts'
import type { TrackedProcess } from '../tracked-process.ts'
import { cpuSecondsOf } from '../sources/process-source.ts'

/** Command lines are shown as far as this; ps(1) shows the same to the same people. */
const ARGUMENTS_MAX = 8
const ARGUMENT_LENGTH_MAX = 256

export type { ProcessView } from './list-schemas.ts'

export interface ProcessViewOptions {
  readonly memoryTotalBytes: number
  readonly attributesFiles: boolean
  readonly userName: (uid: number) => string
}

/** By pid. A process known from its files alone, not yet from a scan, is left out. */
export function viewProcesses(processes: Iterable<TrackedProcess>, options: ProcessViewOptions): ProcessView[] {
  return [...processes].flatMap((process) => viewProcess(process, options)).toSorted((a, b) => a.pid - b.pid)
}

function viewProcess(process: TrackedProcess, options: ProcessViewOptions): ProcessView[] {
  const { sample, details } = process
  if (sample === undefined) return []
  return [
    {
      pid: process.pid,
      parentPid: sample.ppid,
      group: process.group.name,
      name: process.comm,
      user: details.uid === undefined ? null : options.userName(details.uid),
      unit: details.unit ?? null,
      container: details.container ?? null,
      commandLine: details.cmdline.slice(0, ARGUMENTS_MAX).map((argument) => argument.slice(0, ARGUMENT_LENGTH_MAX)),
      state: sample.state,
      startTime: new Date(sample.startTimeSeconds * 1000).toISOString(),
      cpuSeconds: cpuSecondsOf(sample),
      residentMemoryBytes: sample.residentBytes,
      memoryRatio: sample.residentBytes / options.memoryTotalBytes,
      threads: sample.threads ?? null,
      openFds: sample.openFds ?? null,
      readBytes: sample.io?.readBytes ?? null,
      writtenBytes: sample.io?.writtenBytes ?? null,
      readOperations: sample.io?.readOperations ?? null,
      writeOperations: sample.io?.writeOperations ?? null,
      filesCreated: options.attributesFiles ? process.filesCreated : null,
    },
  ]
}
