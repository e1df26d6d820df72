/** Owns what a backtest is told to try: `--set cpu_ratio=8`, or another file of thresholds beside the shipped one. */
import { UsageError } from '../lib/errors.ts'
import { nearest } from '../rules/nearest.ts'
import type { Rule } from '../rules/rule-files.ts'
import { ANY_SIGNAL, constantOf, thresholdName, thresholdRules } from '../rules/thresholds.ts'

export interface ThresholdChange {
  readonly name: string
  readonly signal: string
  /** Empty: the default; else an override for whom these labels name. */
  readonly subject: Readonly<Record<string, string>>
  readonly value: number
}

/**
 * `SIGNAL_NAME=VALUE`, `NAME=VALUE` for signals without a default of their own, `SIGNAL_NAME{group="x"}=VALUE` for one
 * program. Throws UsageError when the rules know no such threshold.
 */
export function parseChange(text: string, rules: readonly Rule[]): ThresholdChange {
  const [, key, labels = '', number = ''] = /^([a-zA-Z0-9_*]+)\s*(?:\{(.*)\})?\s*=\s*(\S+)$/.exec(text.trim()) ?? []
  if (key === undefined)
    throw new UsageError(`--set ${text}: write SIGNAL_THRESHOLD=VALUE, such as cpu_ratio=8 or cpu_ratio{group="make"}=20`)
  const value = constantOf(number)
  if (value === undefined) throw new UsageError(`--set ${text}: "${number}" is no number; +Inf mutes`)
  const written = thresholdRules(rules)
  const names = [...new Set(written.map(({ name }) => name))].toSorted((a, b) => b.length - a.length)
  const name = names.find((each) => key === each || key.endsWith(`_${each}`))
  const keys = [...new Set(written.map(({ name: each, signal }) => (signal === ANY_SIGNAL ? each : `${signal}_${each}`)))].toSorted()
  if (name === undefined) throw new UsageError(`--set ${text}: ${unknown(key, keys)}`)
  const signal = key === name ? ANY_SIGNAL : key.slice(0, -name.length - 1)
  const isKnown = signal === ANY_SIGNAL || rules.some((rule) => rule.labels['signal'] === signal)
  if (!isKnown) throw new UsageError(`--set ${text}: ${unknown(key, keys)}`)
  return { name, signal, subject: parseSubject(labels, text), value }
}

function unknown(key: string, keys: readonly string[]): string {
  const near = nearest(key, keys)
  return near === undefined
    ? `there is no such threshold; there are ${keys.join(', ')}`
    : `there is no such threshold; did you mean ${near}?`
}

function parseSubject(text: string, given: string): Record<string, string> {
  if (text.trim() === '') return {}
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const [, label, value] = /^\s*(\w+)\s*=\s*"?([^"]*)"?\s*$/.exec(pair) ?? []
      if (label === undefined || value === undefined) throw new UsageError(`--set ${given}: write labels as {group="make"}`)
      return [label, value]
    }),
  )
}

/** The rules with the changes made: an expression is replaced where there is one, else a rule is added. */
export function applyChanges(rules: readonly Rule[], changes: readonly ThresholdChange[]): Rule[] {
  return changes.reduce<Rule[]>((changed, change) => applyChange(changed, change), [...rules])
}

function applyChange(rules: readonly Rule[], { name, signal, subject, value }: ThresholdChange): Rule[] {
  const record = `procwarden:threshold:${name}:${Object.keys(subject).length === 0 ? 'default' : 'override'}`
  const labels = { signal, ...subject }
  const expr = `vector(${Number.isFinite(value) ? value : value > 0 ? '+Inf' : '-Inf'})`
  const isSame = (rule: Rule): boolean => rule.name === record && sameLabels(rule.labels, labels)
  if (rules.some(isSame)) return rules.map((rule) => (isSame(rule) ? { ...rule, expr } : rule))
  const model = rules.find((rule) => thresholdName(rule.name) === name)
  return [
    { ...EMPTY_RULE, ...(model === undefined ? {} : { group: model.group, interval: model.interval }), name: record, labels, expr },
    ...rules,
  ]
}

const EMPTY_RULE: Rule = {
  kind: 'record',
  name: '',
  expr: '',
  for: undefined,
  keepFiringFor: undefined,
  labels: {},
  annotations: {},
  group: '',
  interval: undefined,
  comment: '',
  remark: '',
  file: '--set',
  line: 0,
}

function sameLabels(left: Readonly<Record<string, string>>, right: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(left)
  return keys.length === Object.keys(right).length && keys.every((key) => left[key] === right[key])
}

/** The rules with the thresholds of an edited file: instead of the present ones when it has defaults, else on top of them. */
export function withThresholds(rules: readonly Rule[], edited: readonly Rule[], file: string): Rule[] {
  const own = thresholdRules(edited)
  if (own.length === 0) throw new UsageError(`--thresholds ${file}: no procwarden:threshold:... is recorded there`)
  const replaces = own.some(({ kind }) => kind === 'default')
  const isThreshold = (rule: Rule): boolean => /^procwarden:threshold:\w+:(default|override)$/.test(rule.name)
  return [...edited, ...(replaces ? rules.filter((rule) => !isThreshold(rule)) : rules)]
}
