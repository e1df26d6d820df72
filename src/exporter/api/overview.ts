/** Owns the answer of /api/system/overview: the machine in a few figures, the processes that use it, and one sentence. Pure. */
import { printable } from '../../lib/log.ts'
import type { HostPair } from '../host-sampler.ts'
import type { TrackedProcess } from '../tracked-process.ts'
import type { ProcessRate } from './process-rates.ts'
import { describeMachine, type HighMarks } from './sentence.ts'
import type { OverviewView, TopProcessView } from './system-schemas.ts'
import { readingOf, viewCpu, viewFilesystem, viewMemory, viewNetwork } from './system-views.ts'

export interface Classification {
  /** A word: backup, development, database, ... */
  readonly category: string
  /** 0 to 1. */
  readonly confidence: number
  /** Why, for a person. */
  readonly sentence: string
}

export type Classify = (process: TrackedProcess) => Classification

export interface OverviewOptions {
  readonly classify: Classify
  readonly marks: HighMarks
}

const TOP_MAX = 10
/** Looked at for the sentence; beyond them nothing uses enough to be a cause. */
const CAUSES_MAX = 50

export function viewOverview(pair: HostPair, rates: readonly ProcessRate[], { classify, marks }: OverviewOptions): OverviewView {
  const { now } = pair
  const cpu = viewCpu(pair, undefined)
  const memory = viewMemory(pair)
  const memoryTotalBytes = memory.totalBytes ?? 0
  const busiest = rates
    .map((rate) => ({ ...rate, weight: weightOf(rate, cpu.cores.length, memoryTotalBytes) }))
    .toSorted((a, b) => b.weight - a.weight)
    .slice(0, CAUSES_MAX)
    .map((rate) => viewTopProcess(rate, memoryTotalBytes, classify))
  const verdict = describeMachine(
    {
      cores: Math.max(1, cpu.cores.length),
      cpuRatio: cpu.usageRatio ?? undefined,
      load1: now.load?.load1,
      memoryRatio: memory.usedRatio ?? undefined,
    },
    busiest.map((view) => ({ ...view, isBlocked: view.state === 'D' })),
    marks,
  )
  return {
    ...readingOf(pair),
    ...verdict,
    cpu: { usageRatio: cpu.usageRatio, cores: Math.max(1, cpu.cores.length), load: cpu.load, hottest: hottestOf(cpu.temperatures) },
    memory: { totalBytes: memory.totalBytes, availableBytes: memory.availableBytes, usedRatio: memory.usedRatio },
    fullestFilesystem: fullestOf(pair),
    network: trafficOf(pair),
    topProcesses: busiest.slice(0, TOP_MAX),
  }
}

/** A whole machine's CPUs count as much as its whole memory; one that waits for storage comes before one that does nothing. */
function weightOf({ sample, cpuCores }: ProcessRate, cores: number, memoryTotalBytes: number): number {
  const memoryRatio = memoryTotalBytes === 0 ? 0 : sample.residentBytes / memoryTotalBytes
  return cpuCores / Math.max(1, cores) + memoryRatio + (sample.state === 'D' ? 0.01 : 0)
}

function viewTopProcess({ process, sample, cpuCores }: ProcessRate, memoryTotalBytes: number, classify: Classify): TopProcessView {
  const { category, confidence, sentence } = classify(process)
  return {
    pid: process.pid,
    group: process.group.name,
    name: printable(process.comm),
    cpuCores,
    residentMemoryBytes: sample.residentBytes,
    memoryRatio: memoryTotalBytes === 0 ? 0 : Math.min(1, sample.residentBytes / memoryTotalBytes),
    state: sample.state,
    category,
    confidence,
    sentence,
  }
}

function hottestOf(temperatures: OverviewView['cpu']['hottest'][]): OverviewView['cpu']['hottest'] {
  return temperatures.reduce((hottest, each) => ((each?.celsius ?? -Infinity) > (hottest?.celsius ?? -Infinity) ? each : hottest), null)
}

function fullestOf({ now }: HostPair): OverviewView['fullestFilesystem'] {
  const writable = now.filesystems.filter(({ isReadonly }) => !isReadonly).map(viewFilesystem)
  return writable.toSorted((a, b) => (b.usedRatio ?? -1) - (a.usedRatio ?? -1))[0] ?? null
}

/** lo is the machine talking to itself. */
function trafficOf(pair: HostPair): OverviewView['network'] {
  const outside = viewNetwork(pair).interfaces.filter(({ device }) => device !== 'lo')
  const sum = (rates: readonly (number | null)[]): number | null =>
    rates.every((rate) => rate === null) ? null : rates.reduce<number>((total, rate) => total + (rate ?? 0), 0)
  return {
    receivedBytesPerSecond: sum(outside.map((each) => each.receivedBytesPerSecond)),
    transmittedBytesPerSecond: sum(outside.map((each) => each.transmittedBytesPerSecond)),
  }
}
