/**
 * Owns the figures of the exporter's own process and of Node, under the names of prom-client, which dashboards know. Written
 * here because that library brings TLS and crypto with it (4 MB), and samples the event loop every 10 ms.
 */
import { readFileSync, statSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import { getHeapSpaceStatistics } from 'node:v8'
import type { Exposition, Family } from '../exposition.ts'

const family = (name: string, type: Family['type'], help: string, labels: readonly string[] = []): Family => ({ name, type, help, labels })

export const CPU_USER = family('process_cpu_user_seconds_total', 'counter', 'Total user CPU time spent in seconds.')
export const CPU_SYSTEM = family('process_cpu_system_seconds_total', 'counter', 'Total system CPU time spent in seconds.')
export const CPU = family('process_cpu_seconds_total', 'counter', 'Total user and system CPU time spent in seconds.')
export const STARTED = family('process_start_time_seconds', 'gauge', 'Start time of the process since unix epoch in seconds.')
export const RESIDENT = family('process_resident_memory_bytes', 'gauge', 'Resident memory size in bytes.')
export const VIRTUAL = family('process_virtual_memory_bytes', 'gauge', 'Virtual memory size in bytes; absent where there is no /proc.')
export const DATA = family('process_heap_bytes', 'gauge', 'Process heap size in bytes; absent where there is no /proc.')
export const OPEN_FDS = family('process_open_fds', 'gauge', 'Number of open file descriptors; absent where it costs a listing to tell.')
export const MAX_FDS = family('process_max_fds', 'gauge', 'Maximum number of open file descriptors; absent where there is no /proc.')
export const HEAP_USED = family('nodejs_heap_size_used_bytes', 'gauge', 'Process heap size used from Node.js in bytes.')
export const EXTERNAL = family('nodejs_external_memory_bytes', 'gauge', 'Node.js external memory size in bytes.')
export const SPACE_USED = family('nodejs_heap_space_size_used_bytes', 'gauge', 'Process heap space size used from Node.js in bytes.', [
  'space',
])
export const LAG = family(
  'nodejs_eventloop_lag_seconds',
  'gauge',
  'Lag of event loop in seconds: how long a task waited for its turn, tried once per scrape.',
)
export const NODE_VERSION = family('nodejs_version_info', 'gauge', 'Node.js version info.', ['version', 'major', 'minor', 'patch'])

const US_PER_SECOND = 1e6

/** When this process started; performance.timeOrigin is to the microsecond, and a label set must not flicker. */
const startSeconds = Math.round(performance.timeOrigin) / 1000

/** All of them, as they are now. */
export async function writeRuntime(out: Exposition): Promise<void> {
  const one = (of: Family, value: number | undefined): void => out.family(of, value === undefined ? [] : [[[], value]])
  const { user, system } = process.cpuUsage()
  one(CPU_USER, user / US_PER_SECOND)
  one(CPU_SYSTEM, system / US_PER_SECOND)
  one(CPU, (user + system) / US_PER_SECOND)
  one(STARTED, startSeconds)
  const { rss, heapUsed, external } = process.memoryUsage()
  one(RESIDENT, rss)
  const own = readOwnStatus()
  one(VIRTUAL, own.virtualBytes)
  one(DATA, own.dataBytes)
  one(OPEN_FDS, openFds())
  one(MAX_FDS, own.fdsMax)
  one(HEAP_USED, heapUsed)
  one(EXTERNAL, external)
  out.family(
    SPACE_USED,
    getHeapSpaceStatistics().map((space) => [[space.space_name.replace(/_space$/, '')], space.space_used_size]),
  )
  const askedMs = performance.now()
  await turn()
  one(LAG, (performance.now() - askedMs) / 1000)
  const { node } = process.versions
  const [major = '', minor = '', patch = ''] = node.split('.')
  out.family(NODE_VERSION, [[[`v${node}`, major, minor, patch], 1]])
}

/** Since Linux 6.2 the folder's size is the number of its entries (proc_pid_fd(5)); listing thousands would take milliseconds. */
function openFds(): number | undefined {
  const entries = statSync('/proc/self/fd', { throwIfNoEntry: false })?.size ?? 0
  return entries > 0 ? entries : undefined
}

interface OwnStatus {
  readonly virtualBytes?: number
  readonly dataBytes?: number
  readonly fdsMax?: number
}

function readOwnStatus(): OwnStatus {
  try {
    const status = readFileSync('/proc/self/status', 'latin1')
    const bytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1]
    return { virtualBytes: bytes('VmSize'), dataBytes: bytes('VmData'), ...(limit === undefined ? {} : { fdsMax: Number(limit) }) }
  } catch {
    return {}
  }
}
