/** Owns reading the whole machine at one moment, from /proc and /sys below injected roots. What cannot be read is absent, never 0. */
import { statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../lib/clock.ts'
import { OperationalError } from '../../lib/errors.ts'
import type { KernelUnits } from '../../lib/linux/sysconf.ts'
import { createConnectionsReader, type Connections } from './host-connections.ts'
import { createRoomReader, selectMounts, type FilesystemRoom } from './host-filesystems.ts'
import { createNetworkReader, type NetworkDevice } from './host-network.ts'
import {
  parseDiskStats,
  parseKernelStat,
  parseLoadAverages,
  parseMemoryInfo,
  parsePressure,
  type DiskActivity,
  type KernelActivity,
  type LoadAverages,
  type Pressure,
} from './host-parsers.ts'
import { readTextNow } from './host-read.ts'
import { readCpuClocks, readTemperatures, type Temperature } from './host-sensors.ts'

export const PRESSURE_RESOURCES = ['cpu', 'io', 'memory'] as const
export type PressureResource = (typeof PRESSURE_RESOURCES)[number]

export interface HostSnapshot {
  /** Wall clock when the reading began. */
  readonly takenMs: number
  readonly kernel: KernelActivity
  readonly clocks: ReadonlyMap<string, number>
  readonly temperatures: readonly Temperature[]
  readonly load: LoadAverages | undefined
  readonly pressure: Readonly<Partial<Record<PressureResource, Pressure>>>
  /** Bytes by the kernel's names. */
  readonly memory: ReadonlyMap<string, number>
  readonly filesystems: readonly FilesystemRoom[]
  readonly disks: readonly DiskActivity[]
  readonly network: readonly NetworkDevice[]
  readonly connections: Connections | undefined
  readonly uptimeSeconds: number | undefined
}

export interface HostSource {
  /** Reads everything anew; requests under way share one reading. Rejects when not even /proc/stat can be read. */
  read(): Promise<HostSnapshot>
}

export interface HostSourceOptions {
  readonly procfsRoot: string
  readonly sysfsRoot: string
  readonly units: KernelUnits
  readonly clock: Pick<Clock, 'nowMs'>
  readonly includeNetworkFilesystems: () => boolean
}

/** A mount that takes longer is not there for this scrape. */
const STATFS_MS_MAX = 500
/** Loop and RAM devices, and partitions: their disk counts what they do. */
const LESSER_DEVICE = /^(?:(?:z?ram|loop|fd)\d+|(?:h|s|v|xv)d[a-z]+\d+|(?:nvme\d+n|mmcblk)\d+p\d+)$/
const DISKS_MAX = 500

export function createHostSource(options: HostSourceOptions): HostSource {
  const { procfsRoot, sysfsRoot, clock } = options
  const readRoom = createRoomReader({ statfs: (path) => statfs(path), deadlineMs: STATFS_MS_MAX })
  const readNetwork = createNetworkReader({ procfsRoot, sysfsRoot, clock })
  const readConnections = createConnectionsReader(procfsRoot, clock)
  const text = (name: string): string => readTextNow(join(procfsRoot, name)) ?? ''
  let underWay: Promise<HostSnapshot> | undefined

  const read = async (): Promise<HostSnapshot> => {
    const takenMs = clock.nowMs()
    const stat = text('stat')
    if (stat === '') throw new OperationalError('the machine cannot be read: there is no stat in /proc', { reason: 'unsupported' })
    const kernel = parseKernelStat(stat, options.units.clockTicksPerSecond)
    const cpus = kernel.cores.map(({ cpu }) => cpu)
    const inMemory = {
      load: parseLoadAverages(text('loadavg')),
      pressure: readPressures(text),
      memory: parseMemoryInfo(text('meminfo')),
      disks: parseDiskStats(text('diskstats'))
        .filter(({ device }) => !LESSER_DEVICE.test(device))
        .slice(0, DISKS_MAX),
      uptimeSeconds: parseUptime(text('uptime')),
    }
    const [network, connections, temperatures, clocks] = await Promise.all([
      readNetwork(),
      readConnections(),
      readTemperatures(sysfsRoot),
      readCpuClocks(procfsRoot, sysfsRoot, cpus),
    ])
    // After the rest, which needs the same threads: a mount that hangs then delays nothing else.
    const filesystems = await readRoom(selectMounts(text('self/mountinfo'), options.includeNetworkFilesystems()))
    return { takenMs, kernel, ...inMemory, network, connections, temperatures, clocks, filesystems }
  }
  return {
    read: () => {
      underWay ??= read().finally(() => {
        underWay = undefined
      })
      return underWay
    },
  }
}

function readPressures(text: (name: string) => string): Partial<Record<PressureResource, Pressure>> {
  return Object.fromEntries(PRESSURE_RESOURCES.map((resource) => [resource, parsePressure(text(`pressure/${resource}`))]))
}

function parseUptime(text: string): number | undefined {
  const seconds = Number.parseFloat(text)
  return Number.isFinite(seconds) ? seconds : undefined
}
