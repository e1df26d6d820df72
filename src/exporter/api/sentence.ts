/** Owns the sentence that says why the machine is busy. Pure: figures in, words out. */

export interface BusyProcess {
  readonly category: string
  readonly cpuCores: number
  readonly memoryRatio: number
  /** Waits for storage at this moment: it counts in the load without using a CPU. */
  readonly isBlocked: boolean
}

export interface MachineFigures {
  readonly cores: number
  /** Undefined before there are two readings. */
  readonly cpuRatio: number | undefined
  readonly load1: number | undefined
  readonly memoryRatio: number | undefined
}

/** From where on a figure is high; from the configuration. */
export interface HighMarks {
  readonly cpuRatio: number
  /** The load average of a minute for each CPU. */
  readonly loadPerCpu: number
  readonly memoryRatio: number
}

export interface Verdict {
  readonly isHigh: boolean
  readonly sentence: string
}

/** A process has a part in it from these on. */
const CORES_OF_A_CAUSE = 0.1
const MEMORY_OF_A_CAUSE = 0.05
const CATEGORIES_NAMED_MAX = 5

/** "System load high due to: 1 backup process, 2 development processes", or that all is quiet. */
export function describeMachine(figures: MachineFigures, processes: readonly BusyProcess[], marks: HighMarks): Verdict {
  const isCpuHigh = figures.cpuRatio !== undefined && figures.cpuRatio >= marks.cpuRatio
  const isLoadHigh = figures.load1 !== undefined && figures.load1 >= marks.loadPerCpu * figures.cores
  const isMemoryHigh = figures.memoryRatio !== undefined && figures.memoryRatio >= marks.memoryRatio
  const sentences: string[] = []
  if (isCpuHigh || isLoadHigh) {
    const causes = processes.filter(({ cpuCores, isBlocked }) => cpuCores >= CORES_OF_A_CAUSE || (isLoadHigh && isBlocked))
    sentences.push(`System load high${dueTo(causes)}`)
  }
  if (isMemoryHigh) sentences.push(`Memory nearly full${dueTo(processes.filter(({ memoryRatio }) => memoryRatio >= MEMORY_OF_A_CAUSE))}`)
  return sentences.length > 0
    ? { isHigh: true, sentence: sentences.join('. ') }
    : { isHigh: false, sentence: `System load normal${quietFigures(figures)}` }
}

function dueTo(causes: readonly BusyProcess[]): string {
  if (causes.length === 0) return ', though no single process stands out'
  const counts = new Map<string, number>()
  for (const { category } of causes) counts.set(category, (counts.get(category) ?? 0) + 1)
  const parts = [...counts]
    .toSorted(([, a], [, b]) => b - a)
    .map(([category, count]) => `${count} ${category} ${count === 1 ? 'process' : 'processes'}`)
  const named = parts.slice(0, CATEGORIES_NAMED_MAX)
  return ` due to: ${named.join(', ')}${parts.length > named.length ? ' and others' : ''}`
}

function quietFigures({ cpuRatio, memoryRatio }: MachineFigures): string {
  const parts = [
    ...(cpuRatio === undefined ? [] : [`${percent(cpuRatio)} of the processors in use`]),
    ...(memoryRatio === undefined ? [] : [`${percent(memoryRatio)} of the memory`]),
  ]
  return parts.length === 0 ? '' : `: ${parts.join(', ')}`
}

function percent(ratio: number): string {
  return `${Math.round(ratio * 100)} %`
}
