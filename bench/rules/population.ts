/** Owns the machine that the rules are measured on: groups with seven signals each, as an exporter publishes them. Pure. */

export const SIGNALS = ['cpu', 'memory', 'writes', 'reads', 'files', 'fds', 'threads'] as const
export type Signal = (typeof SIGNALS)[number]

/** What a usual level of each signal is, in its own unit. */
const USUAL: Readonly<Record<Signal, number>> = { cpu: 0.2, memory: 2e8, writes: 40, reads: 60, files: 0.02, fds: 40, threads: 12 }
/** As many as the exporter publishes by default. */
const PROCESSES = 100
const DIRECTORIES = 50
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

/** Every series with its value at a moment: `metric{labels}`, without the labels that a scrape adds. */
export function* rawSeries(groups: number, atSeconds: number): Generator<readonly [metric: string, labels: string, value: number]> {
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
    yield ['procwarden_group_processes', `${name},state="sleeping"`, 3]
    yield ['procwarden_group_processes', `${name},state="zombie"`, 0]
    yield ['procwarden_group_fd_limit_ratio', name, 0.04]
    yield ['procwarden_group_oldest_start_time_seconds', name, Math.floor(atSeconds / DAY_SECONDS) * DAY_SECONDS]
    for (const reason of ['success', 'error', 'signal']) yield ['procwarden_group_exits_total', `${name},reason="${reason}"`, 0]
  }
  yield* processSeries(groups, atSeconds, age)
  yield* machineSeries(atSeconds, age)
}

function* processSeries(groups: number, atSeconds: number, age: number): Generator<readonly [string, string, number]> {
  for (let index = 0; index < PROCESSES; index++) {
    const labels = `group="${groupName(index % groups)}",pid="${1000 + index}"`
    yield ['procwarden_process_cpu_seconds_total', `${labels},mode="user"`, age * 0.05]
    yield ['procwarden_process_cpu_seconds_total', `${labels},mode="system"`, age * 0.02]
    yield ['procwarden_process_resident_memory_bytes', labels, 5e7]
    yield ['procwarden_process_read_operations_total', labels, age * 3]
    yield ['procwarden_process_write_operations_total', labels, age * 2]
    yield ['procwarden_process_files_created_total', labels, Math.floor(age * 0.01)]
    yield ['procwarden_process_descendants', labels, 2]
    yield ['procwarden_process_start_time_seconds', labels, Math.floor(atSeconds / DAY_SECONDS) * DAY_SECONDS]
  }
}

function* machineSeries(atSeconds: number, age: number): Generator<readonly [string, string, number]> {
  for (let index = 0; index < DIRECTORIES; index++) {
    const labels = `directory="/srv/folder-${index}"`
    yield ['procwarden_files_created_total', labels, Math.floor(age * 0.02)]
    yield ['procwarden_files_duplicates_total', labels, 0]
  }
  yield ['procwarden_exporter_start_time_seconds', '', Math.floor(atSeconds / DAY_SECONDS) * DAY_SECONDS]
  yield ['procwarden_host_memory_available_bytes', '', 8e9]
  yield ['procwarden_host_memory_total_bytes', '', 16e9]
  for (const mode of ['user', 'system', 'idle']) yield ['procwarden_host_cpu_seconds_total', `cpu="0",mode="${mode}"`, age / 3]
  for (const collector of ['processes', 'files', 'host', 'lifecycle']) yield ['procwarden_collector_success', `collector="${collector}"`, 1]
}
