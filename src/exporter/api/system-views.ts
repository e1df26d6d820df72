/** Owns turning readings of the machine into the answers of /api/system/... Pure: two readings in, one view out. */
import type { HostPair } from '../host-sampler.ts'
import type { FilesystemRoom } from '../sources/host-filesystems.ts'
import type { CpuTimes } from '../sources/host-parsers.ts'
import type { CpuView, DiskView, MemoryView, NetworkView } from './system-schemas.ts'

export function readingOf({ now, before }: HostPair): { readAt: string; windowSeconds: number | null } {
  return { readAt: new Date(now.takenMs).toISOString(), windowSeconds: before === undefined ? null : (now.takenMs - before.takenMs) / 1000 }
}

export function viewCpu(pair: HostPair, model: string | undefined): CpuView {
  const { now, before } = pair
  const earlier = new Map(before?.kernel.cores.map((core) => [core.cpu, core]))
  const spent = now.kernel.cores.map((core) => ({ cpu: core.cpu, spent: spentBetween(earlier.get(core.cpu), core) }))
  const modes = sumOf(spent.flatMap((core) => (core.spent === undefined ? [] : [core.spent])))
  return {
    ...readingOf(pair),
    model: model ?? null,
    usageRatio: usageOf(modes),
    modeRatios: ratiosOf(modes),
    cores: spent.map((core) => ({
      cpu: core.cpu,
      usageRatio: usageOf(core.spent),
      frequencyHertz: now.clocks.get(core.cpu) ?? null,
    })),
    load: now.load ?? null,
    temperatures: now.temperatures.map(({ chip, sensor, celsius }) => ({ chip, sensor, celsius })),
  }
}

export function viewMemory({ now }: HostPair): MemoryView {
  const bytes = (name: string): number | null => now.memory.get(name) ?? null
  const total = bytes('MemTotal')
  const available = bytes('MemAvailable')
  const used = total === null || available === null ? null : Math.max(0, total - available)
  const swapTotal = bytes('SwapTotal')
  const swapFree = bytes('SwapFree')
  return {
    readAt: new Date(now.takenMs).toISOString(),
    totalBytes: total,
    usedBytes: used,
    usedRatio: used === null || !total ? null : used / total,
    availableBytes: available,
    freeBytes: bytes('MemFree'),
    cachedBytes: bytes('Cached'),
    buffersBytes: bytes('Buffers'),
    swapTotalBytes: swapTotal,
    swapUsedBytes: swapTotal === null || swapFree === null ? null : Math.max(0, swapTotal - swapFree),
  }
}

export function viewDisk(pair: HostPair, health: ReadonlyMap<string, boolean>): DiskView {
  const rate = rateOver(pair)
  const earlier = new Map(pair.before?.disks.map((disk) => [disk.device, disk]))
  return {
    ...readingOf(pair),
    filesystems: pair.now.filesystems.map(viewFilesystem),
    devices: pair.now.disks.map((disk) => {
      const before = earlier.get(disk.device)
      const busy = rate(disk.busySeconds, before?.busySeconds)
      return {
        device: disk.device,
        readBytesPerSecond: rate(disk.readBytes, before?.readBytes),
        writtenBytesPerSecond: rate(disk.writtenBytes, before?.writtenBytes),
        readsPerSecond: rate(disk.reads, before?.reads),
        writesPerSecond: rate(disk.writes, before?.writes),
        busyRatio: busy === null ? null : clamp(busy),
        smartHealthy: health.get(disk.device) ?? null,
      }
    }),
  }
}

export function viewNetwork(pair: HostPair): NetworkView {
  const rate = rateOver(pair)
  const earlier = new Map(pair.before?.network.map((device) => [device.device, device]))
  return {
    ...readingOf(pair),
    interfaces: pair.now.network.map((device) => {
      const before = earlier.get(device.device)
      return {
        device: device.device,
        isUp: device.isUp ?? null,
        speedBytesPerSecond: device.speedBytesPerSecond ?? null,
        receivedBytes: device.received.bytes,
        transmittedBytes: device.transmitted.bytes,
        receivedBytesPerSecond: rate(device.received.bytes, before?.received.bytes),
        transmittedBytesPerSecond: rate(device.transmitted.bytes, before?.transmitted.bytes),
        errors: device.received.errors + device.transmitted.errors,
        drops: device.received.drops + device.transmitted.drops,
      }
    }),
    connections: pair.now.connections === undefined ? null : Object.fromEntries(pair.now.connections),
  }
}

/** The share in use counts what is kept for root as neither used nor free, as df(1) does. */
export function viewFilesystem({ device, mountpoint, fstype, isReadonly, room }: FilesystemRoom): DiskView['filesystems'][number] {
  const usedBytes = room === undefined ? null : Math.max(0, room.sizeBytes - room.freeBytes)
  const shareable = room === undefined || usedBytes === null ? 0 : usedBytes + room.availableBytes
  return {
    device,
    mountpoint,
    fstype,
    isReadonly,
    sizeBytes: room?.sizeBytes ?? null,
    usedBytes,
    availableBytes: room?.availableBytes ?? null,
    usedRatio: usedBytes === null || shareable === 0 ? null : usedBytes / shareable,
  }
}

type Spent = ReadonlyMap<string, number>

/** A CPU that was switched off and on may count from 0 anew: then nothing is known of it. */
function spentBetween(before: CpuTimes | undefined, now: CpuTimes): Spent | undefined {
  if (before === undefined) return undefined
  const earlier = new Map(Object.entries(before.seconds))
  // Idle time and that of iowait may step back a little (proc_stat(5)).
  return new Map(Object.entries(now.seconds).map(([mode, seconds]) => [mode, Math.max(0, seconds - (earlier.get(mode) ?? 0))]))
}

function sumOf(all: readonly Spent[]): Spent | undefined {
  if (all.length === 0) return undefined
  const sum = new Map<string, number>()
  for (const spent of all) for (const [mode, seconds] of spent) sum.set(mode, (sum.get(mode) ?? 0) + seconds)
  return sum
}

function totalOf(spent: Spent): number {
  let total = 0
  for (const seconds of spent.values()) total += seconds
  return total
}

function usageOf(spent: Spent | undefined): number | null {
  const total = spent === undefined ? 0 : totalOf(spent)
  if (spent === undefined || total === 0) return null
  return clamp(1 - ((spent.get('idle') ?? 0) + (spent.get('iowait') ?? 0)) / total)
}

function ratiosOf(spent: Spent | undefined): Record<string, number> | null {
  const total = spent === undefined ? 0 : totalOf(spent)
  if (spent === undefined || total === 0) return null
  return Object.fromEntries([...spent].map(([mode, seconds]) => [mode, clamp(seconds / total)]))
}

/** Null without an earlier figure, and where a counter has begun anew. */
function rateOver({ now, before }: HostPair): (value: number, earlier: number | undefined) => number | null {
  const seconds = before === undefined ? 0 : (now.takenMs - before.takenMs) / 1000
  return (value, earlier) => (seconds <= 0 || earlier === undefined || value < earlier ? null : (value - earlier) / seconds)
}

function clamp(ratio: number): number {
  return Math.min(1, Math.max(0, ratio))
}
