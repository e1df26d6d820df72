/** Owns the series of the machine itself. Never reads it: the sampler does. A sensor that is absent has no series. */
import type { Collector } from '../collector.ts'
import type { Exposition, Family } from '../exposition.ts'
import type { HostSampler } from '../host-sampler.ts'
import type { FilesystemRoom } from '../sources/host-filesystems.ts'
import type { HostSnapshot } from '../sources/host-source.ts'
import { HOST, HOST_MEMORY, HOST_NETWORK, HOST_PRESSURE } from './host-families.ts'

export interface HostCollectorOptions {
  readonly sampler: HostSampler
  /** By device; see smart-health.ts. */
  readonly diskHealth: () => ReadonlyMap<string, boolean>
}

export function createHostCollector(options: HostCollectorOptions): Collector {
  return {
    name: 'host',
    collect: async (out) => {
      const { now } = await options.sampler.latest(0)
      writeProcessor(out, now)
      writeKernel(out, now)
      writeMemory(out, now)
      writeFilesystems(out, now.filesystems)
      writeDisks(out, now, options.diskHealth())
      writeNetwork(out, now)
    },
  }
}

type Sample = readonly [labelValues: readonly string[], value: number]

function writeProcessor(out: Exposition, { kernel, clocks, temperatures, load, pressure }: HostSnapshot): void {
  out.family(
    HOST.cpu,
    kernel.cores.flatMap(({ cpu, seconds }) => Object.entries(seconds).map(([mode, value]): Sample => [[cpu, mode], value])),
  )
  out.family(
    HOST.frequency,
    [...clocks].map(([cpu, hertz]) => [[cpu], hertz]),
  )
  out.family(
    HOST.temperature,
    temperatures.map(({ chip, sensor, celsius }) => [[chip, sensor], celsius]),
  )
  writeOne(out, HOST.load1, load?.load1)
  writeOne(out, HOST.load5, load?.load5)
  writeOne(out, HOST.load15, load?.load15)
  for (const { resource, figure, family } of HOST_PRESSURE) writeOne(out, family, pressure[resource]?.[figure])
}

function writeKernel(out: Exposition, { kernel, uptimeSeconds }: HostSnapshot): void {
  writeOne(out, HOST.contextSwitches, kernel.contextSwitches)
  writeOne(out, HOST.forks, kernel.forks)
  writeOne(out, HOST.interrupts, kernel.interrupts)
  writeOne(out, HOST.bootTime, kernel.bootTimeSeconds)
  writeOne(out, HOST.uptime, uptimeSeconds)
}

function writeMemory(out: Exposition, { memory }: HostSnapshot): void {
  for (const { name, family } of HOST_MEMORY) writeOne(out, family, memory.get(name))
}

function writeFilesystems(out: Exposition, filesystems: readonly FilesystemRoom[]): void {
  const write = (family: Family, value: (filesystem: FilesystemRoom) => number | undefined): void =>
    out.family(
      family,
      filesystems.flatMap((each) => present([each.device, each.mountpoint, each.fstype], value(each))),
    )
  write(HOST.filesystemSize, ({ room }) => room?.sizeBytes)
  write(HOST.filesystemFree, ({ room }) => room?.freeBytes)
  write(HOST.filesystemAvail, ({ room }) => room?.availableBytes)
  // btrfs and others make room for files as they come, and say 0.
  write(HOST.filesystemFiles, ({ room }) => room?.files || undefined)
  write(HOST.filesystemFilesFree, ({ room }) => (room?.files ? room.filesFree : undefined))
  write(HOST.filesystemReadonly, ({ isReadonly }) => (isReadonly ? 1 : 0))
  write(HOST.filesystemError, ({ room }) => (room === undefined ? 1 : 0))
}

function writeDisks(out: Exposition, { disks }: HostSnapshot, health: ReadonlyMap<string, boolean>): void {
  const write = (family: Family, figure: 'readBytes' | 'writtenBytes' | 'reads' | 'writes' | 'busySeconds'): void =>
    out.family(
      family,
      disks.map((disk) => [[disk.device], disk[figure]]),
    )
  write(HOST.diskRead, 'readBytes')
  write(HOST.diskWritten, 'writtenBytes')
  write(HOST.diskReads, 'reads')
  write(HOST.diskWrites, 'writes')
  write(HOST.diskBusy, 'busySeconds')
  out.family(
    HOST.diskHealthy,
    [...health].map(([device, healthy]) => [[device], healthy ? 1 : 0]),
  )
}

function writeNetwork(out: Exposition, { network, connections }: HostSnapshot): void {
  for (const { family, direction, figure } of HOST_NETWORK) {
    out.family(
      family,
      network.map((device) => [[device.device], device[direction][figure]]),
    )
  }
  out.family(
    HOST.networkUp,
    network.flatMap(({ device, isUp }) => present([device], isUp === undefined ? undefined : isUp ? 1 : 0)),
  )
  out.family(
    HOST.networkSpeed,
    network.flatMap(({ device, speedBytesPerSecond }) => present([device], speedBytesPerSecond)),
  )
  out.family(
    HOST.tcpConnections,
    [...(connections ?? [])].map(([state, count]) => [[state], count]),
  )
}

function writeOne(out: Exposition, family: Family, value: number | undefined): void {
  out.family(family, present([], value))
}

function present(labels: readonly string[], value: number | undefined): Sample[] {
  return value === undefined ? [] : [[labels, value]]
}
