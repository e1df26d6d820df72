/** Owns what the rules would have recorded in the past: asked from a Prometheus that has the levels, rule by rule. */
import { createPrometheusClient, type PrometheusClient } from '../../src/prometheus/client.ts'
import type { Rule } from '../../src/rules/rule-files.ts'
import { durationSeconds, selectorsOf } from '../../src/rules/selectors.ts'
import type { RecordedSeries } from './history.ts'

const HOUR_SECONDS = 3600
/** What is looked back at for less is there soon after the start. */
const LOOKBACK_SECONDS_MIN = 600
const POINTS_MAX = 10_000

/** Recorded metrics that some rule looks back at, levels apart, with their past. */
export async function recordedPast(url: string, rules: readonly Rule[]): Promise<RecordedSeries[]> {
  const client = createPrometheusClient({ url: new URL(url), headers: {}, tls: {} })
  const now = Math.floor(Date.now() / 60_000) * 60
  const lookbacks = new Map<string, number>()
  for (const { metric, lookbackSeconds } of rules.flatMap((rule) => selectorsOf(rule.expr)))
    lookbacks.set(metric, Math.max(lookbacks.get(metric) ?? 0, lookbackSeconds))
  const wanted = rules.filter(
    (rule) => rule.kind === 'record' && rule.name !== 'procwarden:signal:level' && (lookbacks.get(rule.name) ?? 0) >= LOOKBACK_SECONDS_MIN,
  )
  const past: RecordedSeries[] = []
  for (const rule of wanted) past.push(...(await pastOf(client, rule, now - (lookbacks.get(rule.name) ?? 0), now)))
  return past
}

/** A rule that answers at the full hour only is asked for the full hours. */
async function pastOf(client: PrometheusClient, rule: Rule, from: number, to: number): Promise<RecordedSeries[]> {
  const hour = Math.floor(to / HOUR_SECONDS) * HOUR_SECONDS
  const [atHour, later] = await Promise.all([client.query(rule.expr, hour), client.query(rule.expr, hour - 7 * 60)])
  const isHourly = atHour.length > 0 && later.length === 0
  const stepSeconds = isHourly ? HOUR_SECONDS : (durationSeconds(rule.interval ?? '1m') ?? 60)
  const start = isHourly ? Math.ceil(from / HOUR_SECONDS) * HOUR_SECONDS : from
  if (to <= start) return []
  const range = { from: Math.max(start, to - POINTS_MAX * stepSeconds), to: isHourly ? hour : to, stepSeconds }
  const series = await client.queryRange(rule.expr, range)
  return series.map(({ labels: { __name__: _name, ...labels }, points }) => ({
    name: rule.name,
    labels: { ...labels, ...rule.labels },
    points,
  }))
}
