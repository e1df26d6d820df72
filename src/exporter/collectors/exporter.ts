/** Owns the exporter's series about itself: its version, when it began to count, what caps have left out, and its own process. */
import type { Collector } from '../collector.ts'
import type { Exposition, Family } from '../exposition.ts'
import { writeRuntime } from './runtime-families.ts'

export const BUILD_INFO: Family = {
  name: 'procwarden_build_info',
  type: 'gauge',
  help: 'Always 1; which procwarden this is, and the Node it runs on.',
  labels: ['version', 'node_version', 'platform'],
}
export const START_TIME: Family = {
  name: 'procwarden_exporter_start_time_seconds',
  type: 'gauge',
  help: 'When the exporter began to count, since the Unix epoch.',
  labels: [],
}
export const SERIES_DROPPED: Family = {
  name: 'procwarden_series_dropped_total',
  type: 'counter',
  help: 'Times a process, group or directory was left without series of its own by a cap.',
  labels: ['family'],
}

const DROPPED_FAMILIES = ['process', 'group', 'directory'] as const
type DroppedFamily = (typeof DROPPED_FAMILIES)[number]

export interface ExporterCollectorOptions {
  readonly version: string
  readonly startMs: number
  readonly dropped: () => Readonly<Record<DroppedFamily, number>>
}

export function createExporterCollector(options: ExporterCollectorOptions): Collector {
  return {
    name: 'exporter',
    collect: async (out: Exposition) => {
      out.family(BUILD_INFO, [[[options.version, process.versions.node, `${process.platform}-${process.arch}`], 1]])
      out.family(START_TIME, [[[], options.startMs / 1000]])
      const dropped = options.dropped()
      out.family(
        SERIES_DROPPED,
        DROPPED_FAMILIES.map((family) => [[family], dropped[family]]),
      )
      await writeRuntime(out)
    },
  }
}
