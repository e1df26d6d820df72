/** Owns the figures of the exporter's own process and of Node, through prom-client. */
import { statSync } from 'node:fs'
import { Gauge, Registry, collectDefaultMetrics } from 'prom-client'
import type { ExpositionFormat } from './exposition.ts'

/** Gauges whose names promise a counter; `promtool check metrics` rejects them, and others say the same. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
  'nodejs_heap_size_total_bytes',
  'nodejs_heap_space_size_total_bytes',
]

/** How often the event loop's lag is sampled. prom-client's own 10 ms cost more CPU than all else an idle exporter does. */
const LAG_SAMPLE_INTERVAL_MS = 1000

export interface RuntimeMetrics {
  text(format: ExpositionFormat): Promise<string>
  close(): void
}

export function createRuntimeMetrics(): RuntimeMetrics {
  const register = new Registry()
  collectDefaultMetrics({ register, eventLoopMonitoringPrecision: LAG_SAMPLE_INTERVAL_MS })
  for (const name of MISNAMED) register.removeSingleMetric(name)
  countOpenFds(register)
  measureHeap(register)
  return {
    text: async (format) => {
      const text = await register.metrics()
      return format === 'openmetrics' ? asOpenMetrics(text) : text
    },
    close: () => register.clear(),
  }
}

/** prom-client sets these two in the callback of a gauge that is removed above, and without it they would say 0 for ever. */
function measureHeap(register: Registry): void {
  replaceGauge(
    register,
    'nodejs_heap_size_used_bytes',
    'Process heap size used from Node.js in bytes.',
    () => process.memoryUsage().heapUsed,
  )
  replaceGauge(register, 'nodejs_external_memory_bytes', 'Node.js external memory size in bytes.', () => process.memoryUsage().external)
}

/** prom-client lists /proc/self/fd, which takes milliseconds with the thousands of files the scan keeps open; its size says as much. */
function countOpenFds(register: Registry): void {
  const entries = (): number => statSync('/proc/self/fd', { throwIfNoEntry: false })?.size ?? 0
  // Since Linux 6.2 (proc_pid_fd(5)); before that the size is 0 and listing is the only way.
  if (entries() > 0) replaceGauge(register, 'process_open_fds', 'Number of open file descriptors.', entries)
}

function replaceGauge(register: Registry, name: string, help: string, measure: () => number): void {
  register.removeSingleMetric(name)
  new Gauge({
    name,
    help,
    registers: [register],
    collect() {
      this.set(measure())
    },
  })
}

/**
 * prom-client's own OpenMetrics renames the counters it holds, so that a later answer in the other format is wrong. With the
 * misnamed gauges gone, every family that ends in `_total` is a counter.
 */
function asOpenMetrics(text: string): string {
  return text.replaceAll(/^(# (?:HELP|TYPE) \S+)_total /gm, '$1 ').replaceAll(/\n{2,}/g, '\n')
}
