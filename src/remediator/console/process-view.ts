/** Owns what a page tells of a process: as it is now, while it is still the accused one, and as it was when a snapshot was taken. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { readStat, type Procfs } from '../../lib/linux/proc-process.ts'
import { readProcessState, type ProcessState } from '../snapshot/process-state.ts'
import type { SnapshotRow } from '../store/snapshots/snapshot-row.ts'
import type { ProcessTarget } from '../target.ts'

export interface ProcessView {
  /** `now`: read from /proc a moment ago. `snapshot`: as it was before something was done. */
  readonly when: 'now' | 'snapshot'
  readonly facts: ReadonlyArray<readonly [name: string, value: string]>
  readonly openFiles: readonly string[]
  readonly openFilesCount: number
}

const OPEN_FILES_SHOWN = 40
const SNAPSHOT_BYTES_MAX = 4_194_304

/** Undefined when the process is gone, or its pid is another's now. */
export function processNow({ pid, startTicks }: ProcessTarget, procfs: Procfs): ProcessView | undefined {
  if (readStat(pid, procfs)?.startTicks !== startTicks) return undefined
  const state = readProcessState(pid, procfs)
  return readStat(pid, procfs)?.startTicks === startTicks ? viewOf(state, 'now') : undefined
}

const SnapshotFile = z.object({
  process: z
    .object({
      pid: z.number(),
      cmdline: z.array(z.string()),
      exe: z.string().optional(),
      cwd: z.string().optional(),
      environmentNames: z.array(z.string()),
      openFiles: z.record(z.string(), z.string()),
      openFilesCount: z.number(),
      status: z.string().optional(),
      cgroup: z.string().optional(),
      wchan: z.string().optional(),
    })
    .optional(),
})

/** Undefined when the snapshot has no process in it, or cannot be read any more. */
export function processInSnapshot({ directory, bytes }: SnapshotRow): ProcessView | undefined {
  // The paths that were copied count too; a snapshot's own file is small.
  if (bytes > 1_073_741_824) return undefined
  try {
    const text = readFileSync(path.join(directory, 'snapshot.json'), 'utf8')
    if (text.length > SNAPSHOT_BYTES_MAX) return undefined
    const { process } = SnapshotFile.parse(JSON.parse(text))
    return process && viewOf(process, 'snapshot')
  } catch {
    return undefined
  }
}

type ShownState = z.infer<typeof SnapshotFile>['process'] & Pick<ProcessState, 'openFiles'>

function viewOf(state: ShownState | ProcessState, when: ProcessView['when']): ProcessView {
  const { cmdline, exe, cwd, status = '', cgroup, wchan, openFiles, openFilesCount } = state
  const field = (name: string): string | undefined => new RegExp(`^${name}:\\s*(.+)$`, 'm').exec(status)?.[1]?.replaceAll('\t', ' ')
  const facts = [
    ['State', field('State')],
    ['Command line', cmdline.join(' ') || undefined],
    ['Executable', exe],
    ['Working folder', cwd],
    ['User id', field('Uid')?.split(' ')[0]],
    ['Parent', field('PPid')],
    ['Resident memory', field('VmRSS')],
    ['Threads', field('Threads')],
    ['Waits in', wchan === '0' ? undefined : wchan],
    ['Control group', cgroup?.trim().split('\n').at(-1)?.split(':').at(-1)],
  ] as const
  return {
    when,
    facts: facts.flatMap(([name, value]) => (value === undefined || value === '' ? [] : [[name, value] as const])),
    openFiles: Object.values(openFiles).slice(0, OPEN_FILES_SHOWN),
    openFilesCount,
  }
}
