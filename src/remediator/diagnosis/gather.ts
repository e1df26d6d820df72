/** Owns asking Prometheus and the exporter for everything that a diagnosis is made from, side by side and within a deadline. */
import { messageOf } from '../../lib/errors.ts'
import type { Incident } from '../model.ts'
import { promqlString, type Curve as PrometheusCurve, type Prometheus, type Sample } from '../prometheus.ts'
import { NO_HOST, bareCase, pidOf, type AlertFacts, type Case, type Curves, type HostFacts, type Share, type WriterFacts } from './case.ts'
import type { Curve } from './curve.ts'
import { folderAmong, readRecentFiles, writerAmong, type RecentFiles } from './exporter-files.ts'
import { FIGURES } from './figures.ts'

export interface GatherOptions {
  readonly prometheus: Prometheus | undefined
  /** Where the exporter of this machine is; undefined where nobody said. */
  readonly exporterUrl: string | undefined
  readonly nowMs: number
  readonly signal: AbortSignal
}

const SHARES_MAX = 5
const PROCESS_FIGURES =
  'cpu_seconds_total|resident_memory_bytes|threads|open_fds|fd_limit_ratio|read_bytes_total|written_bytes_total|read_operations_total|write_operations_total|files_created_total|files_deleted_total|files_examined_total|files_duplicates_total|brood|start_time_seconds'
const PROGRAM_FIGURES =
  'cpu_seconds_total|resident_memory_bytes|threads|open_fds|fd_limit_ratio|read_bytes_total|written_bytes_total|read_operations_total|write_operations_total|files_created_total|processes|exits_total|crashes_total|starts_total|oldest_start_time_seconds'

/** Alerts that are about a program and yet not understood without the machine. */
const OF_THE_MACHINE = /Disk|Writes|Reads|Running/

/** By which of its figures the process of a program is chosen that the alert does not name. */
const TELLING: ReadonlyArray<readonly [alerts: RegExp, figure: string]> = [
  [/Memory|Allocation/, 'procwarden_process_resident_memory_bytes'],
  [/Thread/, 'procwarden_process_threads'],
  [/Descriptor/, 'procwarden_process_open_fds'],
  [/Files|Storm/, 'procwarden_process_files_created_total'],
]

/** Throws when Prometheus does not answer; what only the exporter knows may be missing. */
export async function gather(incident: Incident, options: GatherOptions): Promise<Case> {
  const { prometheus, nowMs } = options
  const alert = factsOf(incident)
  const bare = bareCase(alert, nowMs / 1000, undefined)
  if (!prometheus) return { ...bare, missing: 'No Prometheus is configured.' }
  const ask = new Questions(prometheus, alert.labels['instance'], nowMs)
  const [recent, byWrites] = await Promise.all([recentFiles(alert, options), ask.shares('procwarden_group_written_bytes_total', true)])
  const subject = await subjectOf(incident, recent, byWrites, ask)
  const [process, program, probe, host, known, runs, category] = await Promise.all([
    ask.process(subject.group, subject.pid),
    ask.program(subject.group),
    ask.probe(alert.labels['probe']),
    ask.host(byWrites, subject.group === undefined || OF_THE_MACHINE.test(alert.name)),
    ask.known(subject.group),
    ask.runs(subject.group),
    ask.category(subject.group),
  ])
  return {
    ...bare,
    ...subject,
    process,
    program,
    probe,
    host,
    known,
    runs,
    category,
    writer: writerOf(alert, subject, recent),
    hasMetrics: true,
  }
}

export function factsOf({ alertname, severity, labels, annotations, startedAt }: Incident): AlertFacts {
  return { name: alertname, severity, labels, annotations, startedAtSeconds: Date.parse(startedAt) / 1000 }
}

async function recentFiles(alert: AlertFacts, { exporterUrl, signal }: GatherOptions): Promise<RecentFiles | undefined> {
  if (exporterUrl === undefined || !/Files?(?:Creation|Above)?|Storm|Duplicate/.test(alert.name)) return undefined
  // The series tell nearly the same.
  return readRecentFiles(exporterUrl, signal).catch(() => undefined)
}

type Who = Pick<Case, 'group' | 'pid'>

/** Whom the alert accuses, whom the remediator found, or who does most of what the alert is about. */
async function subjectOf(
  { target, labels, alertname }: Incident,
  recent: RecentFiles | undefined,
  byWrites: readonly Share[],
  ask: Questions,
): Promise<Who> {
  if (target?.kind === 'process') return { group: target.group, pid: target.pid }
  const { directory, device } = labels
  const group = labels['group'] ?? labels['service'] ?? (target?.kind === 'service' ? target.group : undefined)
  const pid = pidOf(labels['pid'])
  if (group !== undefined && pid !== undefined) return { group, pid }
  if (group !== undefined) return { group, pid: await ask.worst(group, TELLING.find(([alerts]) => alerts.test(alertname))?.[1]) }
  if (directory !== undefined && recent !== undefined) {
    const folder = folderAmong(recent, directory)
    if (folder !== undefined && folder.group !== 'unknown') return { group: folder.group, pid: folder.pid ?? undefined }
  }
  if (device !== undefined && byWrites[0] !== undefined)
    return { group: byWrites[0].group, pid: await ask.worst(byWrites[0].group, undefined) }
  return { group: undefined, pid: undefined }
}

function writerOf(alert: AlertFacts, { group, pid }: Who, recent: RecentFiles | undefined): WriterFacts | undefined {
  if (recent === undefined) return undefined
  const { directory } = alert.labels
  return writerAmong(recent, group, pid) ?? (directory === undefined ? undefined : folderAmong(recent, directory))
}

/** The questions, each with the machine's name in it. */
class Questions {
  readonly #prometheus: Prometheus
  readonly #host: string
  readonly #nowMs: number

  constructor(prometheus: Prometheus, instance: string | undefined, nowMs: number) {
    this.#prometheus = prometheus
    this.#host = instance === undefined ? '' : `,instance=${promqlString(instance)}`
    this.#nowMs = nowMs
  }

  async process(group: string | undefined, pid: number | undefined): Promise<Curves> {
    if (group === undefined || pid === undefined) return new Map()
    const selector = `{__name__=~"procwarden_process_(?:${PROCESS_FIGURES})",group=${promqlString(group)},pid=${promqlString(String(pid))}${this.#host}}`
    return this.#curves(`sum by (__name__) (${selector})`, 'procwarden_process_')
  }

  async program(group: string | undefined): Promise<Curves> {
    if (group === undefined) return new Map()
    const selector = `{__name__=~"procwarden_group_(?:${PROGRAM_FIGURES})",group=${promqlString(group)}${this.#host}}`
    return withTotals(await this.#curves(`sum by (__name__, state, reason) (${selector})`, 'procwarden_group_'))
  }

  async probe(probe: string | undefined): Promise<Curves> {
    if (probe === undefined) return new Map()
    const selector = `{__name__=~"procwarden_probe_(?:duration_seconds|up)",probe=${promqlString(probe)}${this.#host}}`
    return this.#curves(`max by (__name__) (${selector})`, 'procwarden_probe_')
  }

  /** Its memory always, for that is what leaks fill; the rest where it matters. */
  async host(byWrites: readonly Share[], isWhole: boolean): Promise<HostFacts> {
    const of = (name: string, more = ''): string => `procwarden_host_${name}{${more}${this.#host.slice(more === '' ? 1 : 0)}}`
    const basics = ['memory_available_bytes', 'memory_total_bytes', 'load1'].map((name) => this.#value(`max(${of(name)})`))
    const [memoryAvailableBytes, memoryTotalBytes, load, processors] = await Promise.all([
      ...basics,
      this.#value(`count(${of('cpu_seconds_total', 'mode="idle"')})`),
    ])
    const known = { memoryAvailableBytes, memoryTotalBytes, load, processors, byWrites }
    if (!isWhole) return { ...NO_HOST, ...known }
    const [cpu, ioWaiting, diskBusy, byCpu, byMemory] = await Promise.all([
      this.#one(`1 - avg(rate(${of('cpu_seconds_total', 'mode="idle"')}[1m]))`),
      this.#one(`max(rate(${of('pressure_io_waiting_seconds_total')}[1m]))`),
      this.#one(`max(rate(${of('disk_io_time_seconds_total')}[1m]))`),
      this.shares('procwarden_group_cpu_seconds_total', true),
      this.shares('procwarden_group_resident_memory_bytes', false),
    ])
    return { ...known, cpu, ioWaiting, diskBusy, byCpu, byMemory }
  }

  async shares(metric: string, isCounter: boolean): Promise<Share[]> {
    const selector = `${metric}{group!=""${this.#host}}`
    const samples = await this.#query(`topk(${SHARES_MAX}, sum by (group) (${isCounter ? `rate(${selector}[2m])` : selector}) > 0)`)
    return samples.map(({ labels, value }) => ({ group: labels['group'] ?? '', value })).toSorted((a, b) => b.value - a.value)
  }

  async known(group: string | undefined): Promise<Map<string, number>> {
    if (group === undefined) return new Map()
    const samples = await this.#query(`max by (signal) (procwarden:signal:baseline{group=${promqlString(group)}${this.#host}})`)
    return new Map(samples.map(({ labels, value }) => [labels['signal'] ?? '', value]))
  }

  async runs(group: string | undefined): Promise<Case['runs']> {
    if (group === undefined) return { longestSeconds: undefined, count: 0 }
    const selector = `procwarden:group:run{group=${promqlString(group)}${this.#host}}[7d]`
    const [longestSeconds, count] = await Promise.all([
      this.#value(`max(max_over_time(${selector}))`),
      this.#value(`max(count_over_time(${selector}))`),
    ])
    return { longestSeconds, count: count ?? 0 }
  }

  async category(group: string | undefined): Promise<string | undefined> {
    if (group === undefined) return undefined
    const [first] = await this.#query(`procwarden_group_info{group=${promqlString(group)}${this.#host}}`)
    return first?.labels['category'] ?? (first === undefined ? undefined : '')
  }

  /** The pid of the process of a program that has most of something. */
  async worst(group: string, metric: string | undefined): Promise<number | undefined> {
    const matchers = `{group=${promqlString(group)}${this.#host}}`
    const [first] = await this.#query(
      metric === undefined
        ? `topk(1, sum by (pid) (rate(procwarden_process_cpu_seconds_total${matchers}[2m])))`
        : `topk(1, sum by (pid) (${metric}${matchers}))`,
    )
    return pidOf(first?.labels['pid'])
  }

  /** The last hour coarsely and the last minutes finely, as one. */
  async #curves(promql: string, prefix: string): Promise<Curves> {
    const curves = new Map<string, Array<readonly [number, number]>>()
    for (const part of await this.#ranges(promql)) {
      for (const { labels, values } of part) {
        const { __name__: name = '', state, reason } = labels
        const detail = state ?? reason
        const key = `${name.slice(prefix.length)}${detail === undefined ? '' : `{${detail}}`}`
        const curve = curves.get(key) ?? []
        curves.set(key, curve)
        for (const [at, value] of values) curve.push([at, Number(value)])
      }
    }
    return curves
  }

  async #one(promql: string): Promise<Curve> {
    return (await this.#ranges(promql)).flatMap(([first]) => first?.values.map(([at, value]) => [at, Number(value)] as const) ?? [])
  }

  async #ranges(promql: string): Promise<readonly PrometheusCurve[][]> {
    const { pastSeconds, pastStepSeconds, recentSeconds, recentStepSeconds } = FIGURES
    const turnMs = this.#nowMs - recentSeconds * 1000
    return Promise.all([
      this.#prometheus.queryRange(promql, {
        fromMs: this.#nowMs - pastSeconds * 1000,
        toMs: turnMs - 1,
        stepSeconds: pastStepSeconds,
      }),
      this.#prometheus.queryRange(promql, { fromMs: turnMs, toMs: this.#nowMs, stepSeconds: recentStepSeconds }),
    ])
  }

  async #value(promql: string): Promise<number | undefined> {
    const [first] = await this.#query(promql)
    return first === undefined || Number.isNaN(first.value) ? undefined : first.value
  }

  async #query(promql: string): Promise<Sample[]> {
    return this.#prometheus.query(promql, this.#nowMs)
  }
}

/** `processes` over all states beside each of them. */
function withTotals(curves: Curves): Curves {
  const states = [...curves].filter(([name]) => name.startsWith('processes{'))
  const sums = new Map<number, number>()
  for (const [, curve] of states) for (const [at, value] of curve) sums.set(at, (sums.get(at) ?? 0) + value)
  return new Map([...curves, ['processes', [...sums].toSorted(([a], [b]) => a - b)]])
}

/** Why there is nothing but the alert, for people. */
export function whyMissing(error: unknown): string {
  return `Prometheus could not be asked (${messageOf(error)}).`
}
