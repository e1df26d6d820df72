/** Owns `procwarden check`: every configuration file judged by those who read it, all faults at once. Exit code 1 when there is one. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command, Option } from 'commander'
import { execa } from 'execa'
import { loadExporterSettings } from '../exporter/config.ts'
import { UsageError, messageOf } from '../lib/errors.ts'
import { readWebConfig } from '../lib/web-config.ts'
import type { PrometheusClient } from '../prometheus/client.ts'
import { loadSettings } from '../remediator/config.ts'
import { viewAlerts, type AlertView } from '../rules/alerts.ts'
import { faultsOf, type Fault } from '../rules/fault.ts'
import { SUBJECT_LABELS, overrideFaults } from '../rules/override-faults.ts'
import { routeFaults } from '../rules/route-faults.ts'
import { SHIPPED_RULES_DIR, findRuleFiles, parseRuleFiles, readRules, type Rule } from '../rules/rule-files.ts'
import { ruleFaults } from '../rules/rule-faults.ts'
import { thresholdRules } from '../rules/thresholds.ts'
import { findTool, type ToolName } from '../stack/tools.mjs'
import { policyNotes } from './policy-notes.ts'
import { addPrometheusOptions, prometheusOf, type PrometheusFlags } from './prometheus-options.ts'
import { rulesDirOption } from './rules.ts'
import { paragraph, terminalWidth } from './table.ts'

interface Flags extends PrometheusFlags {
  readonly 'config.exporter': string
  readonly 'config.remediator': string
  readonly 'config.alertmanager': string
  readonly 'config.prometheus': string
  readonly 'web.config.file'?: string
  readonly 'rules.dir'?: readonly string[]
  readonly json?: boolean
}

interface Part {
  readonly name: string
  readonly files: readonly string[]
  readonly faults: readonly Fault[]
  /** What is allowed and probably not meant. */
  readonly notes: readonly string[]
}

const SHIPPED = fileURLToPath(new URL('../..', import.meta.url))
const WEEK_SECONDS = 7 * 86_400
const PROMTOOL_TIMEOUT_MS = 60_000

export function checkCommand(): Command {
  const file = (flag: string, what: string, shipped: string): Option =>
    new Option(`--${flag} <file>`, `${what} (default: the shipped one)`).default(path.join(SHIPPED, shipped), shipped)
  const command = new Command('check')
    .description('validate every configuration file, rule, override, route and policy; exit code 1 with all faults')
    .addOption(file('config.exporter', 'configuration of the exporter', 'config/exporter.yml'))
    .addOption(file('config.remediator', 'configuration and policies of the remediator', 'config/remediator.yml'))
    .addOption(file('config.prometheus', 'configuration of Prometheus', 'prometheus/prometheus.yml'))
    .addOption(file('config.alertmanager', 'configuration of Alertmanager', 'alertmanager/alertmanager.yml'))
    .addOption(new Option('--web.config.file <file>', 'TLS and passwords of the exporter or the remediator'))
    .addOption(rulesDirOption())
    .addOption(new Option('--json', 'the verdict on each part as JSON'))
  addPrometheusOptions(command, 'look there whether the programs that overrides name still exist')
  return command.action(check)
}

async function check(flags: Flags): Promise<void> {
  const files = attempt(() => findRuleFiles(flags['rules.dir'] ?? [SHIPPED_RULES_DIR]))
  const { rules, faults: formFaults } = parseRuleFiles(files.value ?? [])
  const alerts = viewAlerts(rules)
  const remediator = attempt(() =>
    loadSettings({ configFile: flags['config.remediator'], stateDir: '.', address: { host: '127.0.0.1', port: 0 } }),
  )
  const client = prometheusOf(flags)
  const parts: Part[] = [
    part('exporter', [flags['config.exporter']], attempt(() => loadExporterSettings({ configFile: flags['config.exporter'] })).faults),
    {
      ...part('remediator', [flags['config.remediator']], remediator.faults),
      notes: remediator.value === undefined ? [] : policyNotes(remediator.value.config.policies, alerts),
    },
    ...webPart(flags['web.config.file']),
    part('rules', files.value ?? [], [...files.faults, ...(await rulesPart(files.value ?? [], rules, formFaults))]),
    part('overrides', files.value ?? [], await overridesPart(rules, client)),
    part('prometheus', [flags['config.prometheus']], await prometheusPart(flags['config.prometheus'])),
    part('routes', [flags['config.alertmanager']], await routesPart(flags['config.alertmanager'], alerts)),
  ]
  const faults = parts.reduce((sum, each) => sum + each.faults.length, 0)
  process.stdout.write(
    flags.json === true ? `${JSON.stringify({ ok: faults === 0, parts }, null, 2)}\n` : report(parts, faults, terminalWidth()),
  )
  process.exitCode = faults === 0 ? 0 : 1
}

function report(parts: readonly Part[], faults: number, width: number): string {
  const lines = parts.flatMap(({ name, files, faults: own, notes }) => [
    `${own.length === 0 ? 'ok    ' : 'FAULT '} ${name.padEnd(11)} ${whichFiles(files)}`,
    ...own.flatMap((fault) =>
      paragraph(`${relative(fault.file)}${fault.line === undefined ? '' : `:${fault.line}`}: ${fault.message}`, width, 7),
    ),
    ...notes.flatMap((note) => paragraph(`note: ${note}`, width, 7)),
  ])
  const verdict = faults === 0 ? 'Everything is in order.' : `${faults} ${faults === 1 ? 'fault' : 'faults'}. Nothing was changed.`
  return `${[...lines, verdict].join('\n')}\n`
}

function whichFiles(files: readonly string[]): string {
  const [first] = files
  if (first === undefined) return ''
  return files.length === 1
    ? relative(first)
    : `${files.length} files in ${[...new Set(files.map((file) => relative(path.dirname(file))))].join(', ')}`
}

function relative(file: string): string {
  const near = path.relative('.', file)
  return near !== '' && near.length < file.length ? near : file
}

function part(name: string, files: readonly string[], faults: readonly Fault[]): Part {
  return { name, files, faults, notes: [] }
}

function webPart(file: string | undefined): Part[] {
  return file === undefined ? [] : [part('web', [file], attempt(() => readWebConfig(file)).faults)]
}

async function rulesPart(files: readonly string[], rules: readonly Rule[], formFaults: readonly string[]): Promise<Fault[]> {
  const judged = await withTool('promtool', (promtool) => ruleFaults(promtool, files, rules))
  // What promtool says of a file is more than its form.
  const seen = new Set(judged.map((fault) => fault.file))
  return [...formFaults.flatMap((fault) => faultsOf(fault, '')).filter((fault) => !seen.has(fault.file)), ...judged]
}

async function overridesPart(rules: readonly Rule[], client: PrometheusClient | undefined): Promise<Fault[]> {
  const thresholds = thresholdRules(rules)
  // Somebody's file of overrides alone: the shipped rules are what reads it.
  const known = thresholds.some(({ kind }) => kind === 'default') ? rules : [...readRules(findRuleFiles([SHIPPED_RULES_DIR])), ...rules]
  const seen = new Map<string, readonly string[]>()
  try {
    const labels = new Set(thresholds.flatMap(({ kind, subject }) => (kind === 'override' ? Object.keys(subject) : [])))
    for (const label of labels)
      if (client !== undefined && SUBJECT_LABELS.has(label))
        seen.set(label, await client.labelValues(label, Date.now() / 1000 - WEEK_SECONDS))
  } catch (error) {
    return [
      ...overrideFaults({ rules, known, seen: () => undefined }),
      { file: client?.address ?? '', line: undefined, message: messageOf(error) },
    ]
  }
  return overrideFaults({ rules, known, seen: (label) => seen.get(label) })
}

async function prometheusPart(file: string): Promise<Fault[]> {
  if (!existsSync(file)) return [missing(file)]
  return withTool('promtool', async (promtool) => {
    // The rules have been judged already, and those of the file may lie on another machine.
    const result = await execa(promtool, ['check', 'config', '--syntax-only', file], {
      all: true,
      reject: false,
      timeout: PROMTOOL_TIMEOUT_MS,
    })
    if (!result.failed) return []
    const line = /line (\d+)/.exec(result.all)?.[1]
    const message = messageOf(/FAILED: (.*)/s.exec(result.all)?.[1] ?? result.all)
    return [{ file, line: line === undefined ? undefined : Number(line), message }]
  })
}

async function routesPart(file: string, alerts: readonly AlertView[]): Promise<Fault[]> {
  if (!existsSync(file)) return [missing(file)]
  return withTool('amtool', (amtool) => routeFaults(amtool, file, alerts))
}

/** A check that could not be made has not passed. */
async function withTool(name: ToolName, judge: (tool: string) => Promise<Fault[]>): Promise<Fault[]> {
  const tool = findTool(name)
  if (tool !== undefined) return judge(tool)
  const source = name === 'amtool' ? 'prometheus-alertmanager' : 'prometheus'
  return [{ file: name, line: undefined, message: `is not on this machine: run npm start once, which fetches it, or install ${source}` }]
}

function missing(file: string): Fault {
  return { file, line: undefined, message: 'there is no such file' }
}

/** The loaders throw all faults of a file as one UsageError. */
function attempt<Value>(load: () => Value): { readonly value: Value | undefined; readonly faults: Fault[] } {
  try {
    return { value: load(), faults: [] }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    return { value: undefined, faults: faultsOf(error.message, 'configuration') }
  }
}
