/**
 * Owns `npm run bench:rules`: what it costs a real Prometheus to evaluate the shipped rules, and a robust set over the same
 * series, on days of history. Leaves nothing behind.
 * Flags: --groups 20,200,1000  --days 8  --evaluations 5  --every 15 (seconds between measured evaluations)
 * --rules DIR (other rules than the shipped)  --realtime (Prometheus goes before all else; needs root)  --json
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { parse } from 'yaml'
import { z } from 'zod'
import { SHIPPED_RULES_DIR, findRuleFiles, readRules, type Rule } from '../src/rules/rule-files.ts'
import { durationSeconds } from '../src/rules/selectors.ts'
import { findTool } from '../src/stack/tools.mjs'
import { createChildren } from './lib/children.ts'
import { machine, say, wholeNumber } from './lib/command.ts'
import { ROOT } from './lib/exporter.ts'
import { serveMachine } from './rules/exporter.ts'
import { writeHistory, writeRaw, writeRecorded } from './rules/history.ts'
import { measureRuleSet, startPrometheus } from './rules/measure.ts'
import { recordedPast } from './rules/recorded.ts'
import { formatSizes, verdicts, type SizeResult } from './rules/report.ts'

const { values: flags } = parseArgs({
  options: {
    groups: { type: 'string', default: '20,200,1000' },
    days: { type: 'string', default: '8' },
    evaluations: { type: 'string', default: '5' },
    every: { type: 'string', default: '15' },
    rules: { type: 'string', default: SHIPPED_RULES_DIR },
    realtime: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})
/** The minutes that most rules look back at are in memory then and not in a block, as in a Prometheus that has run for days. */
const SCRAPED_MS = 330_000
const sizes = flags.groups.split(',').map((size) => wholeNumber('--groups', size, 5_000))
const days = wholeNumber('--days', flags.days, 60)
const evaluations = wholeNumber('--evaluations', flags.evaluations, 1_000)
const everySeconds = wholeNumber('--every', flags.every, 300)
const work = mkdtempSync(path.join(os.tmpdir(), 'procwarden-bench-rules-'))
const children = createChildren()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => void end(130))

try {
  const results: SizeResult[] = []
  for (const groups of sizes) results.push(await measureSize(groups))
  const text = flags.json
    ? JSON.stringify({ machine: machine({ withLoad: true }), days, results, verdicts: verdicts(results) }, undefined, 2)
    : `${machine({ withLoad: true })}\n${days} days of history${flags.realtime ? ', real-time priority' : ''}\n\n${formatSizes(results)}`
  process.stdout.write(`${text}\n`)
  await end(0)
} catch (error) {
  say(error instanceof Error ? error.message : String(error))
  await end(1)
}

async function measureSize(groups: number): Promise<SizeResult> {
  const [prometheus, promtool] = [requireTool('prometheus'), requireTool('promtool')]
  const rules = readRules(findRuleFiles([flags.rules]))
  const robust = readRules([path.join(import.meta.dirname, 'rules/robust.rules.yml')])
  const folder = mkdtempSync(path.join(work, `${groups}-`))
  const data = path.join(folder, 'data')
  const machineOf = await serveMachine(groups)
  const tell = (text: string): void => say(`${groups} groups: ${text}`)
  const history = { promtool, work: folder, data, groups, days, instance: machineOf.address, population: 'groups', say: tell } as const
  const common = { prometheus, children, work: folder, data, everySeconds, isRealtime: flags.realtime, say: tell }
  await writeHistory(history)
  tell('what the rules would have recorded')
  const levels: Rule[] = rules.filter(({ name }) => name === 'procwarden:signal:level')
  const scrapedOnly = { ...common, rules: levels, target: machineOf.address, everySeconds: 60 }
  const asked = await startPrometheus(scrapedOnly)
  const scraped = delay(SCRAPED_MS)
  const past = await recordedPast(asked.url, rules)
  await scraped
  await asked.stop()
  await writeRecorded(history, past)
  const measured = { ...common, target: machineOf.address, evaluations, globalIntervalSeconds: globalInterval() }
  tell('the shipped rules')
  const shipped = await measureRuleSet({ ...measured, rules })
  tell('the robust rules')
  const robustCosts = await measureRuleSet({ ...measured, rules: [...levels, ...robust] })
  tell('the shipped rules on a whole machine')
  machineOf.publish('machine')
  await writeRaw({ ...history, population: 'machine' })
  const settling = await startPrometheus(scrapedOnly)
  await delay(SCRAPED_MS)
  await settling.stop()
  const onMachine = await measureRuleSet({ ...measured, rules })
  await machineOf.close()
  rmSync(folder, { recursive: true, force: true })
  const signalGroups = new Set(levels.map(({ group }) => group))
  return { groups, shipped, robust: robustCosts.filter(({ name }) => !signalGroups.has(name)), onMachine }
}

/** Of the shipped prometheus.yml: groups without an interval of their own are evaluated that often. */
function globalInterval(): number {
  const config = z
    .object({ global: z.object({ evaluation_interval: z.string() }) })
    .parse(parse(readFileSync(path.join(ROOT, 'prometheus/prometheus.yml'), 'utf8')))
  return durationSeconds(config.global.evaluation_interval) ?? 60
}

function requireTool(name: 'prometheus' | 'promtool'): string {
  const found = findTool(name)
  if (found === undefined) throw new Error(`${name} is not on this machine: run npm start once, which fetches it`)
  return found
}

async function end(code: number): Promise<never> {
  await children.close()
  rmSync(work, { recursive: true, force: true, maxRetries: 5 })
  process.exit(code)
}
