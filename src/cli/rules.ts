/** Owns `procwarden rules`, and of it `list`: every alert in words, the thresholds in force for it, and the line to change each of them. */
import path from 'node:path'
import { Command, Option } from 'commander'
import { viewAlerts, type AlertView } from '../rules/alerts.ts'
import { readInForce, type InForce, type ValueInForce } from '../rules/in-force.ts'
import { SHIPPED_RULES_DIR, findRuleFiles, readRules } from '../rules/rule-files.ts'
import type { Threshold, ThresholdRule } from '../rules/thresholds.ts'
import { UsageError } from '../lib/errors.ts'
import { collect } from './options.ts'
import { addPrometheusOptions, prometheusOf, type PrometheusFlags } from './prometheus-options.ts'
import { exportCommand } from './rules-export.ts'
import { paragraph, tableLines, terminalWidth } from './table.ts'

interface Flags extends PrometheusFlags {
  readonly 'rules.dir'?: readonly string[]
  readonly severity?: readonly string[]
  readonly name?: string
  readonly expr?: boolean
  readonly json?: boolean
}

export function rulesDirOption(): Option {
  return new Option('--rules.dir <path>', 'folder of rule files, or one file (repeatable; default: the shipped ones)').argParser(collect)
}

export function rulesCommand(): Command {
  const list = new Command('list')
    .description('every alert in words, its thresholds, and where to change them')
    .addOption(rulesDirOption())
    .addOption(new Option('--severity <severity>', 'only alerts of this severity (repeatable)').argParser(collect))
    .addOption(new Option('--name <text>', 'only alerts with this in their name'))
    .addOption(new Option('--expr', 'show the expressions, too'))
    .addOption(new Option('--json', 'an array with every field'))
    .exitOverride()
  addPrometheusOptions(list, 'show what is in force in this Prometheus')
  return new Command('rules')
    .description('what is detected, and by which thresholds')
    .addCommand(list.action(listRules))
    .addCommand(exportCommand())
}

async function listRules(flags: Flags): Promise<void> {
  const alerts = viewAlerts(readRules(findRuleFiles(flags['rules.dir'] ?? [SHIPPED_RULES_DIR]))).filter((alert) => isWanted(alert, flags))
  if (alerts.length === 0) throw new UsageError('no alert fits: procwarden rules list without --name and --severity shows all')
  const client = prometheusOf(flags)
  const inForce = client === undefined ? undefined : await readInForce(client)
  const text =
    flags.json === true
      ? JSON.stringify(
          alerts.map((alert) => toJson(alert, inForce)),
          null,
          2,
        )
      : alerts.flatMap((alert) => describe(alert, inForce, terminalWidth(), flags.expr === true)).join('\n')
  process.stdout.write(`${text}\n`)
}

function isWanted(alert: AlertView, { name, severity }: Flags): boolean {
  if (name !== undefined && !alert.name.toLowerCase().includes(name.toLowerCase())) return false
  return severity === undefined || alert.severities.some((each) => severity.includes(each))
}

function describe(alert: AlertView, inForce: InForce | undefined, width: number, withExpr: boolean): string[] {
  const facts = [alert.severities.join(' or '), alert.remediate === undefined ? '' : `remediate: ${alert.remediate}`, duration(alert)]
  const state = inForce?.alert(alert.name)
  return [
    ...paragraph(`${alert.name}  [${facts.filter((fact) => fact !== '').join(', ')}]`, width),
    ...paragraph(alert.words, width, 2),
    ...(state === undefined ? [] : paragraph(stateText(state, inForce?.address ?? ''), width, 2)),
    ...tableLines(
      alert.thresholds.flatMap((threshold) => thresholdRows(threshold, inForce, path.dirname(alert.file))),
      width,
      [1, 0],
      4,
    ),
    ...paragraph(`alert at ${place(alert)}`, width, 4),
    ...(withExpr ? alert.expr.split('\n').map((line) => `      ${line}`) : []),
    '',
  ]
}

function duration(alert: AlertView): string {
  const held = alert.for === undefined || /^0[smh]?$/.test(alert.for) ? '' : `for ${alert.for}`
  return [held, alert.interval === undefined ? '' : `every ${alert.interval}`].filter((part) => part !== '').join(', ')
}

function stateText(state: ReturnType<InForce['alert']>, address: string): string {
  if (!state.isLoaded) return `Not loaded in ${address}: add its file to rule_files.`
  return state.fault === undefined ? `In ${address}: ${state.state ?? 'loaded'}.` : `In ${address} it fails: ${state.fault}`
}

/** Files beside the alert's own go by their name. */
function thresholdRows(threshold: Threshold, inForce: InForce | undefined, folder: string): string[][] {
  const where = (rule: ThresholdRule): string =>
    path.dirname(rule.file) === folder ? `${path.basename(rule.file)}:${rule.line}` : place(rule)
  const name = `${threshold.name} of ${threshold.signal}`
  const rows: string[][] = []
  if (threshold.default !== undefined) rows.push([name, amount(threshold.default), where(threshold.default)])
  for (const override of threshold.overrides)
    rows.push([`${name} for ${Object.values(override.subject).join(' ') || 'all'}`, amount(override), where(override)])
  const there = inForce?.threshold(threshold.name, threshold.signal) ?? []
  if (inForce !== undefined)
    rows.push(
      ...(there.length === 0
        ? [[name, 'not in force there', '']]
        : there.map((value) => [`${name} in force`, figure(value.value), whom(value)])),
    )
  return rows
}

function whom({ subjects, examples }: ValueInForce): string {
  if (subjects === 0) return 'for all'
  const more = subjects > examples.length ? ` and ${subjects - examples.length} more` : ''
  return `for ${examples.join(', ')}${more}`
}

function amount(rule: ThresholdRule): string {
  const value = rule.value === undefined ? rule.expr.replaceAll(/\s+/g, ' ') : figure(rule.value)
  return rule.unit === '' ? value : `${value} ${rule.unit}`
}

function figure(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? '+Inf (muted)' : String(value)
  return Math.abs(value) >= 1e6 ? value.toExponential().replace('e+', 'e') : String(value)
}

/** From where the reader stands, when that is shorter. */
function place({ file, line }: { readonly file: string; readonly line: number }): string {
  const relative = path.relative('.', file)
  return `${relative.length < file.length ? relative : file}:${line}`
}

function toJson(alert: AlertView, inForce: InForce | undefined) {
  const { thresholds, ...facts } = alert
  return {
    ...facts,
    thresholds: thresholds.map((threshold) => ({
      name: threshold.name,
      signal: threshold.signal,
      default: threshold.default === undefined ? null : ruleJson(threshold.default),
      overrides: threshold.overrides.map(ruleJson),
      ...(inForce === undefined
        ? {}
        : { inForce: inForce.threshold(threshold.name, threshold.signal).map((each) => ({ ...each, value: jsonNumber(each.value) })) }),
    })),
    ...(inForce === undefined ? {} : { prometheus: inForce.alert(alert.name) }),
  }
}

function ruleJson(rule: ThresholdRule) {
  const { file, line, subject, unit, expr, signal } = rule
  return { value: rule.value === undefined ? null : jsonNumber(rule.value), expr, unit, signal, subject, file, line }
}

/** JSON knows no infinity. */
function jsonNumber(value: number): number | string {
  return Number.isFinite(value) ? value : value > 0 ? '+Inf' : value < 0 ? '-Inf' : 'NaN'
}
