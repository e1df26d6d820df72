/** Owns the series of managed programs: whether each runs, and what it may use. Never judges whether it keeps to that: rules do. */
import type { Collector } from '../collector.ts'
import type { Family } from '../exposition.ts'
import type { ProcessTable } from '../process-table.ts'

export interface ServiceSettings {
  /** Also the name of its group. */
  readonly name: string
  /** Cores, 1 being one whole core. */
  readonly cpuRatioMax: number | undefined
  readonly memoryBytesMax: number | undefined
}

export interface ServicesCollectorOptions {
  readonly table: ProcessTable
  readonly services: () => readonly ServiceSettings[]
  /** Brings the table up to date unless it is younger; undefined when processes are not read at all. */
  readonly refresh: ((ageMsMax: number) => Promise<void>) | undefined
  readonly clock: { nowMs(): number }
}

export const UP = family('up', 'Whether a process of the service runs; what has ended and awaits its parent does not.')
export const LIMIT_CPU = family('limit_cpu_ratio', 'Cores that the service may use, from the configuration.')
export const LIMIT_MEMORY = family('limit_memory_bytes', 'Resident memory that the service may use, from the configuration.')

/** A scan of the same scrape serves; it need not be made twice. */
const TABLE_AGE_MS_MAX = 1000

export function createServicesCollector(options: ServicesCollectorOptions): Collector {
  const { table, refresh } = options
  return {
    name: 'services',
    collect: async (out) => {
      const services = options.services()
      for (const { name } of services) table.groups.keep(name, options.clock.nowMs())
      const running = services.length > 0 && refresh !== undefined ? await runningGroups(table, refresh) : undefined
      const write = (target: Family, figure: (service: ServiceSettings) => number | undefined): void =>
        out.family(
          target,
          services.flatMap((service) => {
            const value = figure(service)
            return value === undefined ? [] : [[[service.name], value] as const]
          }),
        )
      write(UP, ({ name }) => running && (running.has(name) ? 1 : 0))
      write(LIMIT_CPU, ({ cpuRatioMax }) => cpuRatioMax)
      write(LIMIT_MEMORY, ({ memoryBytesMax }) => memoryBytesMax)
    },
  }
}

async function runningGroups(table: ProcessTable, refresh: (ageMsMax: number) => Promise<void>): Promise<ReadonlySet<string>> {
  await refresh(TABLE_AGE_MS_MAX)
  const names = new Set<string>()
  for (const { sample, group } of table.processes()) if (sample !== undefined && !'ZXx'.includes(sample.state)) names.add(group.name)
  return names
}

function family(suffix: string, help: string): Family {
  return { name: `procwarden_service_${suffix}`, type: 'gauge', labels: ['service'], help }
}
