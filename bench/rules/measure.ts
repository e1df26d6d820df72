/** Owns running a real Prometheus on a prepared history and reading how long it takes to evaluate each group and rule. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { stringify } from 'yaml'
import { z } from 'zod'
import { durationSeconds } from '../../src/rules/selectors.ts'
import type { Rule } from '../../src/rules/rule-files.ts'
import type { Children } from '../lib/children.ts'
import { freePort } from '../lib/free-port.ts'
import { median } from '../lib/statistics.ts'

export interface RuleSetOptions {
  readonly prometheus: string
  readonly children: Children
  readonly work: string
  readonly data: string
  readonly rules: readonly Rule[]
  readonly target: string | undefined
  /** How often groups are evaluated while they are measured, whatever interval they ship with. */
  readonly everySeconds: number
  readonly evaluations: number
  /** Of groups that ship without an interval of their own. */
  readonly globalIntervalSeconds: number
  /** Whether Prometheus goes before everything else on the machine (SCHED_FIFO), so that other work does not pass for cost. */
  readonly isRealtime: boolean
  readonly say: (text: string) => void
}

export interface GroupCost {
  readonly name: string
  /** As shipped. */
  readonly intervalSeconds: number
  readonly medianMs: number
  /** The fastest evaluation: what other work on the machine has disturbed least. */
  readonly leastMs: number
  /** What is computed only when an hour, or a quarter of one, is full: spread over the minutes. */
  readonly steppedMsPerMinute: number
  /** Medians at the shipped interval, and what is done by the hour. */
  readonly msPerMinute: number
  readonly leastMsPerMinute: number
  readonly rules: ReadonlyArray<{ readonly name: string; readonly labels: Readonly<Record<string, string>>; readonly medianMs: number }>
}

const Answer = z.object({
  data: z.object({
    groups: z.array(
      z.object({
        name: z.string(),
        evaluationTime: z.number(),
        lastEvaluation: z.string(),
        rules: z.array(
          z.object({
            name: z.string(),
            labels: z.record(z.string(), z.string()).optional(),
            evaluationTime: z.number(),
            health: z.string(),
            lastError: z.string().optional(),
          }),
        ),
      }),
    ),
  }),
})
const QueryTimes = z.object({ data: z.object({ stats: z.object({ timings: z.object({ evalTotalTime: z.number() }) }) }) })
type Group = z.infer<typeof Answer>['data']['groups'][number]

const READY_MS_MAX = 300_000
const LOOK_EVERY_MS = 500
/** A subquery that looks at full hours only, or at full quarters of them: its range and its step. */
const STEPPED = /\[(\d+m):(1h|15m)\]/
/** The first evaluations fill caches and find counters without a past. */
const SETTLING_EVALUATIONS = 2

export interface StartedPrometheus {
  readonly url: string
  stop(): Promise<void>
}

/** With the rules given, each group at `everySeconds`; without a target nothing is scraped. */
export async function startPrometheus(options: Omit<RuleSetOptions, 'evaluations' | 'globalIntervalSeconds'>): Promise<StartedPrometheus> {
  const { work, rules, target, everySeconds } = options
  const rulesFile = path.join(work, 'measured.rules.yml')
  writeFileSync(rulesFile, ruleFileText(rules, everySeconds))
  const configFile = path.join(work, 'prometheus.yml')
  const scrape_configs = target === undefined ? [] : [{ job_name: 'procwarden-exporter', static_configs: [{ targets: [target] }] }]
  writeFileSync(configFile, stringify({ global: { scrape_interval: '5s', scrape_timeout: '5s' }, rule_files: [rulesFile], scrape_configs }))
  const url = `http://127.0.0.1:${await freePort()}`
  const args = [
    `--config.file=${configFile}`,
    `--web.listen-address=${new URL(url).host}`,
    `--storage.tsdb.path=${options.data}`,
    '--storage.tsdb.retention.time=100d',
    '--log.level=error',
  ]
  const [command, ...before] = options.isRealtime ? ['chrt', '--fifo', '1', options.prometheus] : [options.prometheus]
  const program = options.children.start(command ?? '', [...before, ...args], {})
  const end = performance.now() + READY_MS_MAX
  while ((await fetch(`${url}/-/ready`).catch(() => undefined))?.ok !== true) {
    if (performance.now() > end) throw new Error(`Prometheus was not ready within ${READY_MS_MAX / 1000} s`)
    await Promise.race([delay(LOOK_EVERY_MS), program.ended.then(() => Promise.reject(new Error('Prometheus ended')))])
  }
  return {
    url,
    stop: async () => {
      program.signal('SIGTERM')
      await program.ended
    },
  }
}

/** Medians over `evaluations` of each group, after it has settled. */
export async function measureRuleSet(options: RuleSetOptions): Promise<GroupCost[]> {
  const prometheus = await startPrometheus(options)
  const seen = new Map<string, Map<string, Group>>()
  const wanted = options.evaluations + SETTLING_EVALUATIONS
  const isStepped = steppedTimes(options.rules)
  for (;;) {
    await delay(LOOK_EVERY_MS)
    const { groups } = Answer.parse(await (await fetch(`${prometheus.url}/api/v1/rules`)).json()).data
    for (const group of groups) {
      if (group.lastEvaluation.startsWith('0001') || isStepped(group)) continue
      const fault = group.rules.find(({ health }) => health === 'err')
      if (fault !== undefined) throw new Error(`${fault.name} fails: ${fault.lastError ?? ''}`)
      const evaluations = seen.get(group.name) ?? new Map<string, Group>()
      evaluations.set(group.lastEvaluation, group)
      seen.set(group.name, evaluations)
    }
    if (groups.length > 0 && groups.every(({ name }) => (seen.get(name)?.size ?? 0) >= wanted)) break
  }
  const stepped = await steppedCosts(prometheus.url, options.rules)
  await prometheus.stop()
  return [...seen].map(([name, evaluations]) =>
    costOf(name, [...evaluations.values()].slice(SETTLING_EVALUATIONS), stepped.get(name) ?? 0, options),
  )
}

interface Stepped {
  readonly rule: Rule
  readonly rangeSeconds: number
  readonly stepSeconds: number
}

function steppedRules(rules: readonly Rule[]): Stepped[] {
  return rules.flatMap((rule) => {
    const [, range, step] = STEPPED.exec(rule.expr) ?? []
    return range === undefined || step === undefined
      ? []
      : [{ rule, rangeSeconds: durationSeconds(range) ?? 0, stepSeconds: durationSeconds(step) ?? 0 }]
  })
}

/**
 * Whether a group was evaluated while a step was in the range of one of its rules. At the interval of the measurement that is
 * every evaluation for minutes, as shipped one or two: they are left out here, and added by what each costs.
 */
function steppedTimes(rules: readonly Rule[]): (group: Group) => boolean {
  const stepped = Map.groupBy(steppedRules(rules), ({ rule }) => rule.group)
  return ({ name, lastEvaluation }) => {
    const atSeconds = Date.parse(lastEvaluation) / 1000
    return (stepped.get(name) ?? []).some(({ rangeSeconds, stepSeconds }) => atSeconds % stepSeconds <= rangeSeconds)
  }
}

/** Milliseconds per minute by group: what each costs at the last step, as often as its interval meets the range. */
async function steppedCosts(url: string, rules: readonly Rule[]): Promise<Map<string, number>> {
  const costs = new Map<string, number>()
  for (const { rule, rangeSeconds, stepSeconds } of steppedRules(rules)) {
    const time = String(Math.floor(Date.now() / 1000 / stepSeconds) * stepSeconds)
    const body = new URLSearchParams({ query: rule.expr, time, stats: 'all' })
    const { data } = QueryTimes.parse(await (await fetch(`${url}/api/v1/query`, { method: 'POST', body })).json())
    const times = Math.max(1, rangeSeconds / (durationSeconds(rule.interval ?? '1m') ?? 60))
    const ms = data.stats.timings.evalTotalTime * 1000 * times
    costs.set(rule.group, (costs.get(rule.group) ?? 0) + (ms * 60) / stepSeconds)
  }
  return costs
}

function costOf(
  name: string,
  evaluations: readonly Group[],
  steppedMsPerMinute: number,
  { rules, globalIntervalSeconds }: RuleSetOptions,
): GroupCost {
  const shipped = rules.find((rule) => rule.group === name)?.interval
  const intervalSeconds = shipped === undefined ? globalIntervalSeconds : (durationSeconds(shipped) ?? globalIntervalSeconds)
  const leastMs = Math.min(...evaluations.map(({ evaluationTime }) => evaluationTime * 1000))
  const medianMs = median(evaluations.map(({ evaluationTime }) => evaluationTime * 1000))
  return {
    name,
    intervalSeconds,
    medianMs,
    leastMs,
    steppedMsPerMinute,
    leastMsPerMinute: (leastMs * 60) / intervalSeconds + steppedMsPerMinute,
    msPerMinute: (medianMs * 60) / intervalSeconds + steppedMsPerMinute,
    rules: (evaluations[0]?.rules ?? []).map((rule, index) => ({
      name: rule.name,
      labels: rule.labels ?? {},
      medianMs: median(evaluations.map((evaluation) => (evaluation.rules[index]?.evaluationTime ?? 0) * 1000)),
    })),
  }
}

/** The rules unchanged, in their groups, each group at the interval of the measurement. JSON is YAML. */
function ruleFileText(rules: readonly Rule[], everySeconds: number): string {
  const groups = [...Map.groupBy(rules, (rule) => rule.group)].map(([name, members]) => ({
    name,
    interval: `${everySeconds}s`,
    rules: members.map((rule) => ({
      ...(rule.kind === 'record' ? { record: rule.name } : { alert: rule.name, annotations: rule.annotations }),
      expr: rule.expr,
      labels: rule.labels,
      ...(rule.for === undefined ? {} : { for: rule.for }),
      ...(rule.keepFiringFor === undefined ? {} : { keep_firing_for: rule.keepFiringFor }),
    })),
  }))
  return JSON.stringify({ groups })
}
