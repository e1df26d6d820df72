/** Owns the figures of the exporter's own process and of Node, through prom-client. */
import { Registry, collectDefaultMetrics } from 'prom-client'

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
  text(): Promise<string>
  close(): void
}

export function createRuntimeMetrics(): RuntimeMetrics {
  const register = new Registry()
  collectDefaultMetrics({ register, eventLoopMonitoringPrecision: LAG_SAMPLE_INTERVAL_MS })
  for (const name of MISNAMED) register.removeSingleMetric(name)
  return { text: () => register.metrics(), close: () => register.clear() }
}
