/** Owns the machine that the rules are measured on: groups with seven signals each, as an exporter publishes them. Pure. */

export const SIGNALS = ['cpu', 'memory', 'writes', 'reads', 'files', 'fds', 'threads'] as const
export type Signal = (typeof SIGNALS)[number]

/** What a usual level of each signal is, in its own unit. */
const USUAL: Readonly<Record<Signal, number>> = { cpu: 0.2, memory: 2e8, writes: 40, reads: 60, files: 0.02, fds: 40, threads: 12 }
/** As many as the exporter publishes by default. */
export const PROCESSES = 100
/** The rest have created no file yet. */
const WRITERS_ONE_IN = 5
export const DIRECTORIES = 50
const CPUS = 4
const CPU_MODES = ['user', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal', 'nice'] as const
const SERVICES = 4
const PROBES = 4
const PROBE_PERIOD_SECONDS = 15
const DAY_SECONDS = 86_400
const NOISE_PERIOD_SECONDS = 60

export function groupName(index: number): string {
  return `program-${String(index).padStart(4, '0')}`
}

/** A daily rhythm and noise, the same each time it is asked: the level of a healthy program. */
export function levelAt(group: number, signal: number, atSeconds: number): number {
  const usual = USUAL[SIGNALS[signal] ?? 'cpu'] * (0.5 + ((group * 7919) % 100) / 50)
  const rhythm = 1 + 0.4 * Math.sin((2 * Math.PI * (atSeconds % DAY_SECONDS)) / DAY_SECONDS + group)
  return usual * rhythm * (0.9 + 0.2 * noise(group * 31 + signal, Math.floor(atSeconds / NOISE_PERIOD_SECONDS)))
}

/** From 0 to 1, from a hash of both. */
function noise(seed: number, step: number): number {
  let hash = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(step, 0xc2b2ae35)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32
}

/** Metrics whose value grows with the level of a signal, and those that are the level. */
const COUNTERS: ReadonlyArray<readonly [metric: string, labels: string, signal: number, share: number]> = [
  ['procwarden_group_cpu_seconds_total', ',mode="user"', 0, 0.7],
  ['procwarden_group_cpu_seconds_total', ',mode="system"', 0, 0.3],
  ['procwarden_group_write_operations_total', '', 2, 1],
  ['procwarden_group_read_operations_total', '', 3, 1],
  ['procwarden_group_files_created_total', '', 4, 1],
]
const GAUGES: ReadonlyArray<readonly [metric: string, signal: number]> = [
  ['procwarden_group_resident_memory_bytes', 1],
  ['procwarden_group_open_fds', 5],
  ['procwarden_group_threads', 6],
]

/** The groups alone, or all that an exporter publishes: single processes and folders as well. */
export type Population = 'groups' | 'machine'

/** Every series with its value at a moment: `metric{labels}`, without the labels that a scrape adds. */
export function* rawSeries(
  groups: number,
  population: Population,
  atSeconds: number,
): Generator<readonly [metric: string, labels: string, value: number]> {
  // Counters begin a day before the epoch of the run; what matters is that they grow evenly.
  const age = atSeconds % (30 * DAY_SECONDS)
  for (const [metric, extra, signal, share] of COUNTERS)
    for (let group = 0; group < groups; group++)
      yield [
        metric,
        `group="${groupName(group)}"${extra}`,
        age * share * USUAL[SIGNALS[signal] ?? 'cpu'] * (0.5 + ((group * 7919) % 100) / 50),
      ]
  for (const [metric, signal] of GAUGES)
    for (let group = 0; group < groups; group++) yield [metric, `group="${groupName(group)}"`, levelAt(group, signal, atSeconds)]
  for (let group = 0; group < groups; group++) {
    const name = `group="${groupName(group)}"`
    yield ['procwarden_group_processes', `${name},state="running"`, 0]
    yield ['procwarden_group_processes', `${name},state="sleeping"`, 3]
    yield ['procwarden_group_processes', `${name},state="zombie"`, 0]
    yield ['procwarden_group_fd_limit_ratio', name, 0.04]
    yield ['procwarden_group_oldest_start_time_seconds', name, Math.floor(atSeconds / DAY_SECONDS) * DAY_SECONDS]
    for (const reason of ['success', 'error', 'signal']) yield ['procwarden_group_exits_total', `${name},reason="${reason}"`, 0]
    yield ['procwarden_group_info', `${name},category="${group % 4 === 0 ? 'database' : ''}",unit="",container="",user="root"`, 1]
  }
  if (population === 'machine') {
    yield* processSeries(groups, atSeconds, age)
    yield* folderSeries(age)
  }
  yield* hostSeries(atSeconds, age)
  yield* managedSeries(groups, age)
  yield* remediatorSeries()
}

function* processSeries(groups: number, atSeconds: number, age: number): Generator<readonly [string, string, number]> {
  for (let index = 0; index < PROCESSES; index++) {
    const labels = `group="${groupName(index % groups)}",pid="${1000 + index}"`
    yield ['procwarden_process_cpu_seconds_total', `${labels},mode="user"`, age * 0.05]
    yield ['procwarden_process_cpu_seconds_total', `${labels},mode="system"`, age * 0.02]
    yield ['procwarden_process_resident_memory_bytes', labels, 5e7]
    yield ['procwarden_process_read_operations_total', labels, age * 3]
    yield ['procwarden_process_write_operations_total', labels, age * 2]
    const isWriter = index % WRITERS_ONE_IN === 0
    yield ['procwarden_process_files_created_total', labels, isWriter ? Math.floor(age * 0.01) : 0]
    if (isWriter)
      for (const what of ['deleted', 'examined', 'duplicates'])
        yield [`procwarden_process_files_${what}_total`, labels, Math.floor(age * 0.005)]
    yield ['procwarden_process_descendants', labels, 2]
    yield ['procwarden_process_brood', labels, 2]
    yield ['procwarden_process_start_time_seconds', labels, Math.floor(atSeconds / DAY_SECONDS) * DAY_SECONDS]
  }
}

function* folderSeries(age: number): Generator<readonly [string, string, number]> {
  for (let index = 0; index < DIRECTORIES; index++) {
    const labels = `directory="/srv/folder-${index}"`
    yield ['procwarden_files_created_total', labels, Math.floor(age * 0.02)]
    yield ['procwarden_files_duplicates_total', labels, 0]
    yield ['procwarden_files_examined_total', labels, Math.floor(age * 0.015)]
    yield ['procwarden_files_deleted_total', labels, Math.floor(age * 0.01)]
  }
}

function* hostSeries(atSeconds: number, age: number): Generator<readonly [string, string, number]> {
  yield ['procwarden_exporter_start_time_seconds', '', Math.floor(atSeconds / DAY_SECONDS) * DAY_SECONDS]
  yield ['procwarden_host_memory_available_bytes', '', 8e9]
  yield ['procwarden_host_memory_total_bytes', '', 16e9]
  for (let cpu = 0; cpu < CPUS; cpu++)
    for (const mode of CPU_MODES) yield ['procwarden_host_cpu_seconds_total', `cpu="${cpu}",mode="${mode}"`, age / CPU_MODES.length]
  for (const device of ['lo', 'eth0', 'eth1']) {
    yield ['procwarden_host_network_receive_bytes_total', `device="${device}"`, age * 20_000]
    yield ['procwarden_host_network_transmit_bytes_total', `device="${device}"`, age * 10_000]
  }
  for (const device of ['sda', 'sdb']) yield ['procwarden_host_disk_io_time_seconds_total', `device="${device}"`, age * 0.1]
  yield ['procwarden_host_pressure_io_waiting_seconds_total', '', age * 0.01]
  for (const [index, mountpoint] of ['/', '/boot', '/home', '/srv'].entries()) {
    const labels = `device="/dev/sda${index}",mountpoint="${mountpoint}",fstype="ext4"`
    yield ['procwarden_host_filesystem_avail_bytes', labels, 4e10 - (age % DAY_SECONDS) * 1e3]
    yield ['procwarden_host_filesystem_size_bytes', labels, 1e11]
    yield ['procwarden_host_filesystem_readonly', labels, 0]
  }
  yield ['procwarden_file_watch_overflows_total', '', 0]
  for (const family of ['process', 'group', 'directory']) yield ['procwarden_series_dropped_total', `family="${family}"`, 0]
  for (const collector of ['processes', 'files', 'host', 'lifecycle']) yield ['procwarden_collector_success', `collector="${collector}"`, 1]
}

/** Managed programs and health endpoints, a few as on most machines. */
function* managedSeries(groups: number, age: number): Generator<readonly [string, string, number]> {
  for (let index = 0; index < Math.min(SERVICES, groups); index++) {
    const service = `service="${groupName(index)}"`
    yield ['procwarden_service_up', service, 1]
    yield ['procwarden_service_limit_cpu_ratio', service, 2]
    yield ['procwarden_service_limit_memory_bytes', service, 1e9]
  }
  for (let index = 0; index < PROBES; index++) {
    const probe = `probe="endpoint-${index}"`
    yield ['procwarden_probe_up', probe, 1]
    yield ['procwarden_probe_duration_seconds', probe, 0.05 + 0.01 * noise(index, Math.floor(age / PROBE_PERIOD_SECONDS))]
    for (const [rank, le] of ['0.05', '0.1', '0.25', '0.5', '1', '2.5', '5', '+Inf'].entries())
      yield [
        'procwarden_probe_latency_seconds_bucket',
        `${probe},le="${le}"`,
        Math.floor((age / PROBE_PERIOD_SECONDS) * Math.min(1, rank / 2)),
      ]
  }
}

function* remediatorSeries(): Generator<readonly [string, string, number]> {
  for (const outcome of ['done', 'failed']) yield ['procwarden_remediation_actions_total', `action="kill",outcome="${outcome}"`, 7]
  yield ['procwarden_audit_intact', '', 1]
  yield ['procwarden_audit_length', '', 90]
  yield ['procwarden_human_alerts_open', '', 0]
  for (const check of ['checkout', 'search']) {
    yield ['procwarden_check_success', `check="${check}"`, 1]
    yield ['procwarden_check_error_ratio', `check="${check}"`, 0]
    yield ['procwarden_check_latency_p95_seconds', `check="${check}"`, 0.2]
    yield ['procwarden_check_baseline_latency_p95_seconds', `check="${check}"`, 0.2]
    yield ['procwarden_check_memory_growth_bytes_per_hour', `check="${check}"`, 1e6]
  }
}
