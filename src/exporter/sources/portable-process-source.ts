/**
 * Owns reading processes where there is no /proc: the list from systeminformation, the figures from pidusage. Knows less and
 * costs more than proc-scan.ts (both start `ps` or its like on most systems); what it does not know is absent.
 */
import { setTimeout as delay } from 'node:timers/promises'
import pidusage from 'pidusage'
import { processes as listProcesses } from 'systeminformation'
import { OperationalError } from '../../lib/errors.ts'
import type { ProcessSample, ProcessScan, ProcessSource } from './process-source.ts'

/** One entry of the list, as systeminformation gives it. */
export interface ListedProcess {
  readonly pid: number
  readonly parentPid: number
  readonly name: string
  /** In words: running, sleeping, ... */
  readonly state: string
  readonly memVsz: number
  readonly memRss: number
  /** `YYYY-MM-DD HH:MM:SS`, local time. */
  readonly started: string
  readonly command: string
  readonly params: string
  readonly path: string
}

/** What pidusage knows of a process. */
export interface ProcessUsage {
  /** User and system time together, in milliseconds. */
  readonly ctime: number
  readonly memory: number
  /** Milliseconds since its start. */
  readonly elapsed: number
  /** Milliseconds since the Unix epoch at the time of reading. */
  readonly timestamp: number
}

export interface PortableReaders {
  readonly list: () => Promise<readonly ListedProcess[]>
  /** By pid; undefined where the process has ended. Rejects when nothing could be asked. */
  readonly usageOf: (pids: readonly number[]) => Promise<ReadonlyMap<number, ProcessUsage>>
}

/** Pids asked about at once: on most systems they are arguments of one `ps`. */
const PIDS_AT_ONCE = 200
/** pidusage keeps a descriptor for each process open this long; 0 would make it ask for ever. */
const USAGE_KEPT_MS = 1000
/** Asked again before that, systeminformation (500 ms) gives the list it gave before. */
const LIST_KEPT_MS = 550
/** `ps` tells an age in whole seconds, so one start seems to be now here, now there. */
const START_JITTER_MS = 3000
const ARGUMENTS_MAX = 64
/** systeminformation's words as the letters of proc_pid_stat(5); its `unknown` has none. */
const STATE_LETTERS: Readonly<Record<string, string>> = {
  running: 'R',
  sleeping: 'S',
  stopped: 'T',
  blocked: 'D',
  zombie: 'Z',
  paging: 'W',
  dead: 'X',
}
const KTHREADD = 2

/** Scans asked for while one is under way share it. */
export function createPortableProcessSource(readers: PortableReaders = systemReaders()): ProcessSource {
  let known = new Map<number, Known>()
  let underWay: Promise<ProcessScan> | undefined
  const scan = async (): Promise<ProcessScan> => {
    const listed = await readers.list()
    if (listed.length === 0) throw new OperationalError('the system lists no process', { reason: 'scan', retryable: true })
    const next = new Map<number, Known>()
    const samples: ProcessSample[] = []
    for (const chunk of chunksOf(listed, PIDS_AT_ONCE)) {
      const usages = await readers.usageOf(chunk.map(({ pid }) => pid)).catch(() => undefined)
      for (const process of chunk) {
        const usage = usages?.get(process.pid)
        // Asked about and unknown: it has ended since it was listed.
        if (usages !== undefined && usage === undefined) continue
        const identity = identify(process, usage, known.get(process.pid))
        next.set(process.pid, identity)
        samples.push(sampleOf(process, usage, identity, known.get(process.pid)))
      }
    }
    known = next
    return { samples, unreadable: { io: 0, fd: 0, exe: 0, status: 0, limits: 0 } }
  }
  return {
    scan: () => {
      underWay ??= scan().finally(() => {
        underWay = undefined
      })
      return underWay
    },
    close: () => Promise.resolve(),
  }
}

/** What makes a process the same one in the next scan. */
interface Known {
  readonly startMs: number
  readonly cpuMs: number
  readonly commandLine: string
}

function identify(process: ListedProcess, usage: ProcessUsage | undefined, before: Known | undefined): Known {
  const seenMs = usage === undefined ? new Date(process.started.replace(' ', 'T')).getTime() : usage.timestamp - usage.elapsed
  const startMs = Number.isFinite(seenMs) ? Math.round(seenMs) : (before?.startMs ?? 0)
  const cpuMs = usage?.ctime ?? before?.cpuMs ?? 0
  const isSame = before !== undefined && Math.abs(startMs - before.startMs) <= START_JITTER_MS && cpuMs >= before.cpuMs
  return { startMs: isSame ? before.startMs : startMs, cpuMs, commandLine: `${process.path}\n${process.command}\n${process.params}` }
}

function sampleOf(process: ListedProcess, usage: ProcessUsage | undefined, identity: Known, before: Known | undefined): ProcessSample {
  const isTold = before !== undefined && before.startMs === identity.startMs && before.commandLine === identity.commandLine
  return {
    pid: process.pid,
    startTicks: identity.startMs,
    startTimeSeconds: identity.startMs / 1000,
    ppid: process.parentPid,
    comm: process.name,
    state: STATE_LETTERS[process.state] ?? '?',
    isKernelThread: isKernelThread(process),
    virtualBytes: process.memVsz * 1024,
    residentBytes: usage?.memory ?? process.memRss * 1024,
    ...(usage === undefined ? {} : { undividedSeconds: usage.ctime / 1000 }),
    ...(isTold ? {} : { details: detailsOf(process) }),
  }
}

/** On Linux all kernel threads are children of kthreadd; elsewhere they are not listed. */
function isKernelThread({ pid, parentPid, memVsz }: ListedProcess): boolean {
  return memVsz === 0 && (pid === KTHREADD || parentPid === KTHREADD)
}

/** Arguments are told as one text; where one holds a space, it looks like two. */
function detailsOf(process: ListedProcess): NonNullable<ProcessSample['details']> {
  if (isKernelThread(process)) return { cmdline: [] }
  const program = process.path === '' ? process.command : `${process.path}/${process.command}`
  const cmdline = [program, ...process.params.split(/\s+/).filter((argument) => argument !== '')].slice(0, ARGUMENTS_MAX)
  return process.path.startsWith('/') ? { exe: program, cmdline } : { cmdline }
}

function systemReaders(): PortableReaders {
  let listedMs = -Infinity
  return {
    list: async () => {
      await delay(Math.max(0, listedMs + LIST_KEPT_MS - performance.now()))
      const { list } = await listProcesses()
      listedMs = performance.now()
      return list
    },
    usageOf: async (pids) => {
      const usages = await pidusage([...pids], { maxage: USAGE_KEPT_MS })
      // Typed as never absent, and null for a process that has ended.
      const entries: Array<[string, ProcessUsage | null | undefined]> = Object.entries(usages)
      return new Map(entries.flatMap(([pid, usage]) => (usage ? [[Number(pid), usage] as const] : [])))
    },
  }
}

function chunksOf<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size))
}
