/** Owns what a diagnosis is made from: the alert and everything that was gathered about its subject. Reads nothing itself. */
import type { Curve } from './curve.ts'

/** Curves by the exporter's names, without `procwarden_process_`, `procwarden_group_` and so on; with `{state}` or `{reason}` where they have one. */
export type Curves = ReadonlyMap<string, Curve>

export interface AlertFacts {
  readonly name: string
  readonly severity: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly startedAtSeconds: number
}

/** What the exporter tells of whoever created files lately. */
export interface WriterFacts {
  readonly group: string
  readonly pid: number | null
  readonly filesCreated: number
  readonly filesDeleted: number
  readonly filesExamined: number
  /** 0 to 1; null when none was examined. */
  readonly duplicateShare: number | null
  readonly folders: readonly string[]
  readonly windowSeconds: number
}

/** A program and how much of something it has, the one with most first. */
export interface Share {
  readonly group: string
  readonly value: number
}

export interface HostFacts {
  /** Share of all processors in use. */
  readonly cpu: Curve
  /** Share of the time in which a task waited for storage. */
  readonly ioWaiting: Curve
  /** Share of the time in which the busiest disk had work. */
  readonly diskBusy: Curve
  readonly memoryAvailableBytes: number | undefined
  readonly memoryTotalBytes: number | undefined
  readonly processors: number | undefined
  /** Tasks that run or wait for a processor, over the last minute. */
  readonly load: number | undefined
  /** Cores, resident bytes and bytes written per second, by program. */
  readonly byCpu: readonly Share[]
  readonly byMemory: readonly Share[]
  readonly byWrites: readonly Share[]
}

export interface Case {
  readonly alert: AlertFacts
  readonly nowSeconds: number
  /** The program and the process that it is about, as far as is known. */
  readonly group: string | undefined
  readonly pid: number | undefined
  readonly category: string | undefined
  readonly process: Curves
  readonly program: Curves
  /** Seconds that the probe's runs took, and whether they gave the expected answer. */
  readonly probe: Curves
  readonly host: HostFacts
  /** What the program is known to need, by signal. */
  readonly known: ReadonlyMap<string, number>
  /** How long the longest of the runs of a week was, and how many there were. */
  readonly runs: { readonly longestSeconds: number | undefined; readonly count: number }
  readonly writer: WriterFacts | undefined
  /** False: nothing but the alert could be asked. */
  readonly hasMetrics: boolean
  /** Why not, for people. */
  readonly missing: string | undefined
}

const NOTHING: Curves = new Map()

/** What is known without asking anybody. */
export function bareCase(alert: AlertFacts, nowSeconds: number, missing: string | undefined): Case {
  return {
    alert,
    nowSeconds,
    group: alert.labels['group'],
    pid: pidOf(alert.labels['pid']),
    category: undefined,
    process: NOTHING,
    program: NOTHING,
    probe: NOTHING,
    host: NO_HOST,
    known: new Map(),
    runs: { longestSeconds: undefined, count: 0 },
    writer: undefined,
    hasMetrics: false,
    missing,
  }
}

export const NO_HOST: HostFacts = {
  cpu: [],
  ioWaiting: [],
  diskBusy: [],
  memoryAvailableBytes: undefined,
  memoryTotalBytes: undefined,
  processors: undefined,
  load: undefined,
  byCpu: [],
  byMemory: [],
  byWrites: [],
}

export function pidOf(label: string | undefined): number | undefined {
  return label !== undefined && /^[1-9]\d{0,9}$/.test(label) ? Number(label) : undefined
}

/** Of the process, where it has the curve; else of its program. */
export function curveOf({ process, program }: Case, name: string): Curve {
  const own = process.get(name) ?? []
  return own.length >= 2 ? own : (program.get(name) ?? own)
}

/** How a person would name it. */
export function subjectOf({ group, pid, alert }: Case): string {
  const name = group ?? alert.labels['service'] ?? alert.labels['probe'] ?? alert.labels['directory'] ?? alert.labels['instance'] ?? 'it'
  return pid === undefined ? name : `${name} (pid ${pid})`
}

/** A number of an annotation; those come from rules, which may be anybody's. */
export function numberOf(text: string | undefined): number | undefined {
  if (text === undefined || text.trim() === '') return undefined
  const value = Number(text)
  return Number.isFinite(value) ? value : undefined
}
