/** Owns putting together what is measured beside processes and files: the machine, probes and services. Never measures itself. */
import os from 'node:os'
import type { Clock } from '../lib/clock.ts'
import { readKernelUnits } from '../lib/linux/sysconf.ts'
import type { Logger } from '../lib/log.ts'
import { createSystemApi, type SystemApi } from './api/system.ts'
import type { Classify } from './api/overview.ts'
import type { Collector } from './collector.ts'
import { createHostCollector } from './collectors/host.ts'
import { createProbesCollector } from './collectors/probes.ts'
import type { ProcessesCollector } from './collectors/processes.ts'
import { createServicesCollector } from './collectors/services.ts'
import type { ExporterSettings } from './settings.ts'
import { createHostSampler, type HostSampler } from './host-sampler.ts'
import { ProbeRunner } from './probe-runner.ts'
import type { ProcessTable } from './process-table.ts'
import { createHostSource } from './sources/host-source.ts'
import type { SmartHealth } from './sources/smart-health.ts'

export interface MachineOptions {
  /** As they are in force now. */
  readonly settings: () => ExporterSettings
  readonly procfsRoot: string
  readonly sysfsRoot: string
  readonly clock: Clock
  readonly log: Logger
  readonly table: ProcessTable
  readonly processes: ProcessesCollector | undefined
  readonly classify: Classify
}

export interface Machine {
  readonly collectors: readonly Collector[]
  /** Undefined when the host collector is switched off. */
  readonly api: SystemApi | undefined
  /** Begins to probe, and to look at the health of disks. */
  start(): void
  /** Takes over the probes of a configuration read anew; the rest is asked for when needed. */
  reconfigure(): void
  close(): void
}

/** Long enough to tell rates by. */
const WARM_AFTER_MS = 1000

export async function createMachine(options: MachineOptions): Promise<Machine> {
  const { settings, clock, log, table, processes } = options
  const { host, probes, services } = settings()
  const sampler = host.enabled ? await createSampler(options) : undefined
  const runner = probes.enabled ? new ProbeRunner({ clock, log }) : undefined
  const refresh = processes && ((ageMsMax: number) => processes.refresh(ageMsMax))
  let smart: SmartHealth | undefined
  let isClosed = false
  let stopWarming: (() => void) | undefined
  const diskHealth = (): ReadonlyMap<string, boolean> => smart?.healthy() ?? new Map<string, boolean>()
  const api =
    sampler &&
    createSystemApi({
      sampler,
      diskHealth,
      table,
      refresh,
      classify: options.classify,
      marks: () => settings().host.high,
      cpuModel: os.cpus()[0]?.model,
    })
  return {
    collectors: [
      ...(sampler ? [createHostCollector({ sampler, diskHealth })] : []),
      ...(runner ? [createProbesCollector(runner)] : []),
      ...(services.enabled ? [createServicesCollector({ table, clock, services: () => settings().services.list, refresh })] : []),
    ],
    api,
    start: () => {
      stopWarming = warm(sampler, api)
      runner?.configure(probes.list)
      // Most machines have no smartctl, and then what asks it is not loaded either.
      if (!host.enabled || host.smartctl === undefined || host.smartIntervalMs === 0) return
      const { smartctl, smartIntervalMs: intervalMs } = host
      void import('./sources/smart-health.ts').then(({ startSmartHealth }) => {
        if (!isClosed) smart = startSmartHealth({ smartctl, intervalMs, log })
      })
    },
    reconfigure: () => runner?.configure(settings().probes.list),
    close: () => {
      isClosed = true
      stopWarming?.()
      runner?.close()
      smart?.close()
    },
  }
}

/** Two readings before anybody asks, so that the first answer has code that is compiled and rates to tell. */
function warm(sampler: HostSampler | undefined, api: SystemApi | undefined): () => void {
  const read = (): void => {
    // A fault is the host collector's to report.
    sampler?.latest(0).catch(() => undefined)
    api?.observe()
  }
  read()
  const second = setTimeout(read, WARM_AFTER_MS)
  second.unref()
  return () => clearTimeout(second)
}

async function createSampler({ settings, procfsRoot, sysfsRoot, clock }: MachineOptions): Promise<HostSampler> {
  if (process.platform !== 'linux') {
    const { createPortableHostSource } = await import('./sources/portable-host-source.ts')
    return createHostSampler(createPortableHostSource(clock), clock)
  }
  const units = readKernelUnits()
  const includeNetworkFilesystems = (): boolean => settings().host.networkFilesystems
  return createHostSampler(createHostSource({ procfsRoot, sysfsRoot, units, clock, includeNetworkFilesystems }), clock)
}
