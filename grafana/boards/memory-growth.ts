/** Owns the graph of how fast the memory of a program grows, beside the limits of the alerts on leaks. */
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { timeSeries } from '../panels/time-series.ts'
import { ONE_PROGRAM } from '../promql.ts'

export function memoryGrowth(): Panel {
  const leak = (speed: 'fast' | 'slow'): string => `max(procwarden:limit:value{signal="memory_leak_${speed}",${ONE_PROGRAM}})`
  return timeSeries({
    title: 'Memory growth',
    description:
      'Bytes per second that memory grows, over five minutes. Red where it rises so evenly that it counts as a leak; dashed: the limit for that.',
    unit: 'Bps',
    min: 'any',
    queries: [
      // Five minutes whatever the resolution: shorter, and the saw of a garbage collector is all one sees.
      { expr: `sum(deriv(procwarden_group_resident_memory_bytes{${ONE_PROGRAM}}[5m]))`, legend: 'growth' },
      { expr: `${leak('fast')} or ${leak('slow')}`, legend: 'leak' },
      { expr: 'max(procwarden:threshold:limit:default{signal="memory_leak_fast"})', legend: 'limit in minutes' },
      { expr: 'max(procwarden:threshold:limit:default{signal="memory_leak_slow"})', legend: 'limit in hours' },
    ],
    styles: [
      ['/^growth$/', 'main'],
      ['/^leak$/', 'anomaly'],
      ['/^limit/', 'limit'],
    ],
  })
}
