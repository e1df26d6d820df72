/** Owns the parsing of the kernel's files about the whole machine (proc(5), kernel documentation under admin-guide). Never reads a file. */

export const CPU_MODES = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal'] as const
export type CpuMode = (typeof CPU_MODES)[number]

export interface CpuTimes {
  /** The kernel's number of the CPU. */
  readonly cpu: string
  /** Seconds since boot; a mode the kernel does not tell is absent. */
  readonly seconds: Readonly<Partial<Record<CpuMode, number>>>
}

export interface KernelActivity {
  readonly cores: readonly CpuTimes[]
  readonly bootTimeSeconds: number | undefined
  readonly contextSwitches: number | undefined
  readonly forks: number | undefined
  readonly interrupts: number | undefined
}

/** /proc/stat: proc_stat(5). The times of guests are within user and nice already, and left out. */
export function parseKernelStat(text: string, clockTicksPerSecond: number): KernelActivity {
  const cores: CpuTimes[] = []
  const single = new Map<string, number>()
  for (const line of text.split('\n')) {
    const [key = '', ...words] = line.split(' ').filter((word) => word !== '')
    const cpu = /^cpu(\d+)$/.exec(key)?.[1]
    if (cpu === undefined) single.set(key, Number(words[0]))
    else cores.push({ cpu, seconds: cpuSeconds(words, clockTicksPerSecond) })
  }
  return {
    cores,
    bootTimeSeconds: finite(single.get('btime')),
    contextSwitches: finite(single.get('ctxt')),
    forks: finite(single.get('processes')),
    interrupts: finite(single.get('intr')),
  }
}

export interface LoadAverages {
  readonly load1: number
  readonly load5: number
  readonly load15: number
}

/** /proc/loadavg: three averages, then what is not needed here. Undefined when it is not that. */
export function parseLoadAverages(text: string): LoadAverages | undefined {
  const [load1, load5, load15] = text.split(' ').slice(0, 3).map(Number)
  if (finite(load1) === undefined || finite(load5) === undefined || finite(load15) === undefined) return undefined
  return { load1: load1 ?? 0, load5: load5 ?? 0, load15: load15 ?? 0 }
}

export interface Pressure {
  /** Seconds in which at least one task waited for the resource. */
  readonly waitingSeconds: number | undefined
  /** Seconds in which all tasks did. */
  readonly stalledSeconds: number | undefined
}

/** /proc/pressure/NAME (accounting/psi.rst): `some` and `full`, totals in microseconds. */
export function parsePressure(text: string): Pressure {
  const total = (line: string): number | undefined => {
    const microseconds = new RegExp(`^${line} .*\\btotal=(\\d+)`, 'm').exec(text)?.[1]
    return microseconds === undefined ? undefined : Number(microseconds) / 1e6
  }
  return { waitingSeconds: total('some'), stalledSeconds: total('full') }
}

/** /proc/meminfo in bytes, by the kernel's own names; entries that are not sizes are left out. */
export function parseMemoryInfo(text: string): ReadonlyMap<string, number> {
  const bytes = new Map<string, number>()
  for (const [, name = '', kibibytes] of text.matchAll(/^([\w()]+):\s+(\d+) kB$/gm)) bytes.set(name, Number(kibibytes) * 1024)
  return bytes
}

export interface DiskActivity {
  readonly device: string
  readonly reads: number
  readonly readBytes: number
  readonly writes: number
  readonly writtenBytes: number
  /** Seconds in which at least one operation was under way. */
  readonly busySeconds: number
}

/** The kernel's unit in diskstats, whatever the device's own sector size (block/stat.rst). */
const SECTOR_BYTES = 512

/** /proc/diskstats (admin-guide/iostats.rst): whole devices and partitions alike. */
export function parseDiskStats(text: string): DiskActivity[] {
  return text.split('\n').flatMap((line): DiskActivity[] => {
    const fields = line.split(' ').filter((word) => word !== '')
    const device = fields[2]
    const figure = (at: number): number => Number(fields[at])
    if (device === undefined || !Number.isFinite(figure(12))) return []
    return [
      {
        device,
        reads: figure(3),
        readBytes: figure(5) * SECTOR_BYTES,
        writes: figure(7),
        writtenBytes: figure(9) * SECTOR_BYTES,
        busySeconds: figure(12) / 1000,
      },
    ]
  })
}

export interface NetworkCounters {
  readonly bytes: number
  readonly packets: number
  readonly errors: number
  readonly drops: number
}

export interface NetworkTraffic {
  readonly device: string
  readonly received: NetworkCounters
  readonly transmitted: NetworkCounters
}

/** /proc/net/dev: 8 figures received, then 8 transmitted. A device's name may hold a colon; the figures never do. */
export function parseNetworkDevices(text: string): NetworkTraffic[] {
  return text.split('\n').flatMap((line): NetworkTraffic[] => {
    const colon = line.lastIndexOf(':')
    const figures = line
      .slice(colon + 1)
      .split(' ')
      .filter((word) => word !== '')
      .map(Number)
    if (colon < 1 || figures.length < 16 || !figures.every(Number.isFinite)) return []
    const counters = (at: number): NetworkCounters => ({
      bytes: figures[at] ?? 0,
      packets: figures[at + 1] ?? 0,
      errors: figures[at + 2] ?? 0,
      drops: figures[at + 3] ?? 0,
    })
    return [{ device: line.slice(0, colon).trim(), received: counters(0), transmitted: counters(8) }]
  })
}

/** The clock of each CPU in /proc/cpuinfo, in hertz; architectures other than x86 tell none there. */
export function parseCpuInfoClocks(text: string): ReadonlyMap<string, number> {
  const clocks = new Map<string, number>()
  for (const block of text.split('\n\n')) {
    const cpu = /^processor\s*: (\d+)$/m.exec(block)?.[1]
    const megahertz = /^cpu MHz\s*: ([\d.]+)$/m.exec(block)?.[1]
    if (cpu !== undefined && megahertz !== undefined) clocks.set(cpu, Math.round(Number(megahertz) * 1e6))
  }
  return clocks
}

function cpuSeconds(ticks: readonly string[], clockTicksPerSecond: number): Partial<Record<CpuMode, number>> {
  const seconds: Partial<Record<CpuMode, number>> = {}
  for (const [index, mode] of CPU_MODES.entries()) {
    const value = finite(Number(ticks[index]))
    if (value !== undefined) seconds[mode] = value / clockTicksPerSecond
  }
  return seconds
}

function finite(value: number | undefined): number | undefined {
  return Number.isFinite(value) ? value : undefined
}
