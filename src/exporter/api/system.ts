/** Owns answering /api/status and /api/system/... from readings no older than two seconds. Never reads the machine itself. */
import type { HostSampler } from '../host-sampler.ts'
import type { ProcessTable } from '../process-table.ts'
import { viewOverview, type Classify } from './overview.ts'
import { ProcessRates } from './process-rates.ts'
import type { HighMarks } from './sentence.ts'
import type { CpuView, DiskView, MemoryView, NetworkView, OverviewView, StatusView } from './system-schemas.ts'
import { viewCpu, viewDisk, viewMemory, viewNetwork } from './system-views.ts'

export interface SystemApiOptions {
  readonly sampler: HostSampler
  readonly diskHealth: () => ReadonlyMap<string, boolean>
  readonly table: ProcessTable
  /** Brings the table up to date unless it is younger; undefined where processes are not read. */
  readonly refresh: ((ageMsMax: number) => Promise<void>) | undefined
  readonly classify: Classify
  readonly marks: () => HighMarks
  readonly cpuModel: string | undefined
}

export interface SystemApi {
  overview(): Promise<OverviewView>
  cpu(): Promise<CpuView>
  memory(): Promise<MemoryView>
  disk(): Promise<DiskView>
  network(): Promise<NetworkView>
  /** Takes note of the last scan of processes, so that the next answer has something to tell rates by. */
  observe(): void
}

/** Data may be this old. */
const AGE_MS_MAX = 2000
/** A scan that blocks holds up the sentence no longer than this; the one before it is told of then. */
const SCAN_MS_MAX = 80

export function createSystemApi(options: SystemApiOptions): SystemApi {
  const { sampler, table, refresh } = options
  const rates = new ProcessRates(table)
  const latest = () => sampler.latest(AGE_MS_MAX)
  const scan = async (): Promise<void> => {
    if (refresh === undefined) return
    await atMost(
      // A fault is the processes collector's to report.
      refresh(AGE_MS_MAX).catch(() => undefined),
      SCAN_MS_MAX,
    )
    rates.observe()
  }
  return {
    overview: async () => {
      const [pair] = await Promise.all([latest(), scan()])
      return viewOverview(pair, refresh === undefined ? [] : rates.rates(), { classify: options.classify, marks: options.marks() })
    },
    cpu: async () => viewCpu(await latest(), options.cpuModel),
    memory: async () => viewMemory(await latest()),
    disk: async () => viewDisk(await latest(), options.diskHealth()),
    network: async () => viewNetwork(await latest()),
    observe: () => rates.observeNowAndThen(),
  }
}

export interface StatusOptions {
  readonly version: string
  readonly startMs: number
  readonly collectorNames: readonly string[]
  readonly nowMs: number
}

export function viewStatus({ version, startMs, collectorNames, nowMs }: StatusOptions): StatusView {
  return {
    status: 'ok',
    version,
    startedAt: new Date(startMs).toISOString(),
    uptimeSeconds: Math.max(0, (nowMs - startMs) / 1000),
    collectors: [...collectorNames],
  }
}

async function atMost(work: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([work, late])
  clearTimeout(timer)
}
