/** Owns what rule files say of thresholds: `procwarden:threshold:NAME:default` and `:override`, with where each is written. */
import type { Place, Rule } from './rule-files.ts'

export interface ThresholdRule extends Place {
  /** Such as ratio, floor, storm. */
  readonly name: string
  readonly kind: 'default' | 'override'
  /** What it is for; "*" stands for each signal without a default of its own. */
  readonly signal: string
  /** The labels besides `signal`: whom an override is for. */
  readonly subject: Readonly<Record<string, string>>
  /** Undefined where the expression is more than a number. */
  readonly value: number | undefined
  readonly expr: string
  /** From the comment behind its labels. */
  readonly unit: string
}

/** The default that holds for a signal, and the overrides of it. */
export interface Threshold {
  readonly name: string
  readonly signal: string
  readonly default: ThresholdRule | undefined
  readonly overrides: readonly ThresholdRule[]
}

export const ANY_SIGNAL = '*'
const THRESHOLD = /^procwarden:threshold:([a-zA-Z0-9_]+)(?::(default|override))?$/

/** NAME of `procwarden:threshold:NAME` with or without `:default` or `:override`; undefined for any other metric. */
export function thresholdName(metric: string): string | undefined {
  return THRESHOLD.exec(metric)?.[1]
}

export function thresholdRules(rules: readonly Rule[]): ThresholdRule[] {
  return rules.flatMap((rule): ThresholdRule[] => {
    const [, name, kind] = THRESHOLD.exec(rule.name) ?? []
    if (rule.kind !== 'record' || name === undefined || (kind !== 'default' && kind !== 'override')) return []
    const { signal = ANY_SIGNAL, ...subject } = rule.labels
    return [
      { file: rule.file, line: rule.line, name, kind, signal, subject, value: constantOf(rule.expr), expr: rule.expr, unit: rule.remark },
    ]
  })
}

/** What is in force for one signal according to the files. */
export function thresholdOf(rules: readonly ThresholdRule[], name: string, signal: string): Threshold {
  const named = rules.filter((rule) => rule.name === name)
  const defaultOf = (wanted: string): ThresholdRule | undefined =>
    named.filter((rule) => rule.kind === 'default' && rule.signal === wanted).toSorted((a, b) => (b.value ?? 0) - (a.value ?? 0))[0]
  return {
    name,
    signal,
    default: defaultOf(signal) ?? defaultOf(ANY_SIGNAL),
    overrides: named.filter((rule) => rule.kind === 'override' && (rule.signal === signal || rule.signal === ANY_SIGNAL)),
  }
}

/** The number of `vector(8)`, `vector(+Inf)`, `2.5e6` or `vector(5 * 1024 ^ 2)`; undefined where more is asked than a number. */
export function constantOf(expr: string): number | undefined {
  const inner = /^vector\s*\((.*)\)$/s.exec(expr.trim())?.[1] ?? expr
  return product(inner.trim())
}

/** Numbers joined by * and /, with powers: what people write for bytes and days. */
function product(text: string): number | undefined {
  const parts = text.split(/\s*([*/])\s*/)
  let value = power(parts[0] ?? '')
  for (let index = 1; index < parts.length; index += 2) {
    const next = power(parts[index + 1] ?? '')
    if (value === undefined || next === undefined) return undefined
    value = parts[index] === '*' ? value * next : value / next
  }
  return value
}

function power(text: string): number | undefined {
  const [base, exponent, ...rest] = text.split('^').map((part) => number(part.trim()))
  if (base === undefined || rest.length > 0) return undefined
  return text.includes('^') ? (exponent === undefined ? undefined : base ** exponent) : base
}

function number(text: string): number | undefined {
  if (/^[-+]?inf$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Number(text) : undefined
}
