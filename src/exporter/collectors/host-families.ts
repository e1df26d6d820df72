/** Owns the metric families of the machine: node_exporter's names with our prefix, so that its users know them. */
import type { Family } from '../exposition.ts'

const FILESYSTEM = ['device', 'mountpoint', 'fstype'] as const
const DEVICE = ['device'] as const

export const HOST = {
  cpu: counter('cpu_seconds_total', ['cpu', 'mode'], 'Seconds the CPU spent in each mode; guests are within user and nice.'),
  frequency: gauge('cpu_frequency_hertz', ['cpu'], 'Clock of the CPU at this moment.'),
  temperature: gauge('cpu_temperature_celsius', ['chip', 'sensor'], 'Temperature of the processor and of every other chip with a sensor.'),
  load1: gauge('load1', [], 'Tasks that run, wait to run, or wait for storage, averaged over 1 minute.'),
  load5: gauge('load5', [], 'Tasks that run, wait to run, or wait for storage, averaged over 5 minutes.'),
  load15: gauge('load15', [], 'Tasks that run, wait to run, or wait for storage, averaged over 15 minutes.'),
  contextSwitches: counter('context_switches_total', [], 'Context switches of all CPUs.'),
  forks: counter('forks_total', [], 'Processes and threads created.'),
  interrupts: counter('intr_total', [], 'Interrupts served.'),
  bootTime: gauge('boot_time_seconds', [], 'When the machine booted, since the Unix epoch.'),
  uptime: gauge('uptime_seconds', [], 'Seconds since the machine booted, suspended time included.'),
  filesystemSize: gauge('filesystem_size_bytes', FILESYSTEM, 'Size of the file system.'),
  filesystemFree: gauge('filesystem_free_bytes', FILESYSTEM, 'Free room of the file system, with what is kept for root.'),
  filesystemAvail: gauge('filesystem_avail_bytes', FILESYSTEM, 'Free room of the file system for programs without privileges.'),
  filesystemFiles: gauge(
    'filesystem_files',
    FILESYSTEM,
    'Files and folders the file system can hold; absent where there is no such limit.',
  ),
  filesystemFilesFree: gauge('filesystem_files_free', FILESYSTEM, 'Files and folders there is still room for.'),
  filesystemReadonly: gauge('filesystem_readonly', FILESYSTEM, 'Whether the file system is mounted read-only.'),
  filesystemError: gauge('filesystem_device_error', FILESYSTEM, 'Whether the file system gave no answer in time, or an error.'),
  diskRead: counter('disk_read_bytes_total', DEVICE, 'Bytes read from the device.'),
  diskWritten: counter('disk_written_bytes_total', DEVICE, 'Bytes written to the device.'),
  diskReads: counter('disk_reads_completed_total', DEVICE, 'Reads the device has completed.'),
  diskWrites: counter('disk_writes_completed_total', DEVICE, 'Writes the device has completed.'),
  diskBusy: counter('disk_io_time_seconds_total', DEVICE, 'Seconds in which the device had work.'),
  diskHealthy: gauge(
    'disk_smart_healthy',
    DEVICE,
    'Whether the disk finds itself healthy (SMART); from smartctl, where it is installed and permitted, asked every some minutes in the background.',
  ),
  networkUp: gauge('network_up', DEVICE, 'Whether the interface is up and has a link.'),
  networkSpeed: gauge('network_speed_bytes', DEVICE, 'Bytes per second the link can carry; asked anew every minute.'),
  tcpConnections: gauge(
    'tcp_connections',
    ['state'],
    'TCP sockets by state, IPv4 and IPv6, counted anew once a minute; with more than 20000 of them only those that the kernel counts itself, established and time_wait.',
  ),
} as const

export const HOST_NETWORK = (['receive', 'transmit'] as const).flatMap((direction) =>
  (
    [
      ['bytes', 'bytes', 'Bytes'],
      ['packets', 'packets', 'Packets'],
      ['errs', 'errors', 'Faulty packets'],
      ['drop', 'drops', 'Packets dropped'],
    ] as const
  ).map(([suffix, figure, what]) => ({
    direction: direction === 'receive' ? ('received' as const) : ('transmitted' as const),
    figure,
    family: counter(`network_${direction}_${suffix}_total`, DEVICE, `${what}, ${direction === 'receive' ? 'receiving' : 'transmitting'}.`),
  })),
)

/** The kernel tells `full` of the CPU too, but for the whole machine it has no meaning and is 0 (accounting/psi.rst). */
export const HOST_PRESSURE = [
  pressure('cpu', 'waiting', 'Seconds in which a task waited for a CPU.'),
  pressure('io', 'waiting', 'Seconds in which a task waited for storage.'),
  pressure('io', 'stalled', 'Seconds in which all tasks waited for storage.'),
  pressure('memory', 'waiting', 'Seconds in which a task waited for memory.'),
  pressure('memory', 'stalled', 'Seconds in which all tasks waited for memory.'),
] as const

/** Entries of /proc/meminfo that have a family, by the kernel's names; the families' names are in snake case, which promtool asks for. */
export const HOST_MEMORY = (
  [
    ['MemTotal', 'total', 'Memory the kernel can use.'],
    ['MemFree', 'free', 'Memory not used for anything.'],
    ['MemAvailable', 'available', 'Memory that programs can have without swapping, as the kernel estimates it.'],
    ['Buffers', 'buffers', 'Raw blocks of disks kept in memory.'],
    ['Cached', 'cached', 'File contents kept in memory, tmpfs included.'],
    ['Shmem', 'shmem', 'tmpfs and shared memory.'],
    ['SReclaimable', 'slab_reclaimable', 'Caches of the kernel that it can give back.'],
    ['Dirty', 'dirty', 'File contents waiting to be written.'],
    ['SwapTotal', 'swap_total', 'Swap there is.'],
    ['SwapFree', 'swap_free', 'Swap not used.'],
  ] as const
).map(([name, suffix, help]) => ({ name, family: gauge(`memory_${suffix}_bytes`, [], help) }))

function counter(suffix: string, labels: readonly string[], help: string): Family {
  return { name: `procwarden_host_${suffix}`, type: 'counter', labels, help }
}

function gauge(suffix: string, labels: readonly string[], help: string): Family {
  return { name: `procwarden_host_${suffix}`, type: 'gauge', labels, help }
}

function pressure<Resource extends string>(resource: Resource, kind: 'waiting' | 'stalled', help: string) {
  const figure = kind === 'waiting' ? ('waitingSeconds' as const) : ('stalledSeconds' as const)
  return { resource, figure, family: counter(`pressure_${resource}_${kind}_seconds_total`, [], help) }
}
