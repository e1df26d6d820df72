/** Owns what there is to say about each alert of a set of rules: its words, its thresholds and where they are written. */
import type { Place, Rule } from './rule-files.ts'
import { selectorsOf, type Selector, type SelectorMatcher } from './selectors.ts'
import { ANY_SIGNAL, thresholdName, thresholdOf, thresholdRules, type Threshold, type ThresholdRule } from './thresholds.ts'

export interface AlertView extends Place {
  readonly name: string
  /** Its label, or those of the series it looks at. */
  readonly severities: readonly string[]
  /** The same; several are joined by `or`. */
  readonly remediate: string | undefined
  readonly for: string | undefined
  /** How often it is looked at, as written; undefined: at the global evaluation interval. */
  readonly interval: string | undefined
  /** What it says of itself, in words from the rule file. */
  readonly words: string
  readonly expr: string
  readonly unit: string | undefined
  readonly runbook: string | undefined
  readonly thresholds: readonly Threshold[]
}

/** In the order of the files. */
export function viewAlerts(rules: readonly Rule[]): AlertView[] {
  const recorders = Map.groupBy(
    rules.filter((rule) => rule.kind === 'record'),
    (rule) => rule.name,
  )
  const written = thresholdRules(rules)
  return rules.filter((rule) => rule.kind === 'alert').map((rule) => viewAlert(rule, recorders, written))
}

function viewAlert(alert: Rule, recorders: ReadonlyMap<string, readonly Rule[]>, written: readonly ThresholdRule[]): AlertView {
  const reached = reach(alert, recorders)
  const unit = alert.annotations['unit']
  return {
    name: alert.name,
    file: alert.file,
    line: alert.line,
    severities: labelOf(alert, 'severity', recorders),
    remediate: labelOf(alert, 'remediate', recorders).join(' or ') || undefined,
    for: alert.for,
    interval: alert.interval,
    words: wordsOf(alert),
    expr: alert.expr,
    unit: unit !== undefined && !unit.includes('{{') ? unit : undefined,
    runbook: alert.annotations['runbook_url'],
    thresholds: thresholdsOf(reached, alert, written),
  }
}

/** An `explanation` of its own, else the comment above it, else its summary with the templates as placeholders. */
function wordsOf(alert: Rule): string {
  const { explanation, summary, description } = alert.annotations
  if (explanation !== undefined && explanation !== '') return plain(explanation)
  return alert.comment === '' ? plain(summary ?? description ?? '') : alert.comment
}

/** `{{ $labels.group }}` becomes `<group>`, `{{ $value | ... }}` becomes `<value>`, other templates `<...>`. */
function plain(text: string): string {
  return text
    .replaceAll(/\{\{-?\s*\$labels\.(\w+)[^}]*\}\}/g, '<$1>')
    .replaceAll(/\{\{-?\s*\$value[^}]*\}\}/g, '<value>')
    .replaceAll(/\{\{[^}]*\}\}/g, '<...>')
    .replaceAll(/\s+/g, ' ')
    .trim()
}

/** Its own, or those of the series it looks at. */
function labelOf(alert: Rule, label: string, recorders: ReadonlyMap<string, readonly Rule[]>): string[] {
  const own = alert.labels[label]
  if (own !== undefined && !own.includes('{{')) return [own]
  const inherited = selectorsOf(alert.expr).flatMap((selector) =>
    recordedBy(selector, recorders).flatMap((rule) => rule.labels[label] ?? []),
  )
  return [...new Set(inherited)].toSorted()
}

interface ReachedThreshold {
  readonly selector: Selector
  /** What it is asked for; undefined: any. */
  readonly signals: readonly string[] | undefined
}

/**
 * Follows the alert through the recording rules it builds on, up to the thresholds, the nearest first. What is asked for a
 * signal asks for no other below, until a rule answers for a signal of its own.
 */
function reach(alert: Rule, recorders: ReadonlyMap<string, readonly Rule[]>): ReachedThreshold[] {
  const found: ReachedThreshold[] = []
  const seen = new Set<string>()
  const recorded = [...new Set([...recorders.values()].flat().flatMap((rule) => rule.labels['signal'] ?? []))]
  let layer: Array<{ readonly rule: Rule; readonly signals: readonly string[] | undefined }> = [
    { rule: alert, signals: alert.labels['signal'] === undefined ? undefined : [alert.labels['signal']] },
  ]
  while (layer.length > 0) {
    const asked = layer.flatMap(({ rule, signals }) =>
      selectorsOf(rule.expr).map((selector) => ({ selector, signals: signalsOf(selector, recorded) ?? signals })),
    )
    found.push(...asked.filter(({ selector }) => thresholdName(selector.metric) !== undefined))
    layer = asked
      .filter(({ selector }) => thresholdName(selector.metric) === undefined)
      .flatMap(({ selector, signals }) =>
        recordedBy(selector, recorders).flatMap((rule) => {
          const own = rule.labels['signal']
          if (own === undefined) return [{ rule, signals }]
          return signals === undefined || signals.includes(own) ? [{ rule, signals: [own] }] : []
        }),
      )
      .filter(({ rule, signals }) => {
        const key = JSON.stringify([rule.file, rule.line, signals])
        return !seen.has(key) && seen.add(key)
      })
  }
  return found
}

/** The signals that the selector names, or of those recorded the ones that fit its pattern; undefined when it asks for none. */
function signalsOf(selector: Selector, recorded: readonly string[]): readonly string[] | undefined {
  const matcher = selector.matchers.find(({ label, op }) => label === 'signal' && (op === '=' || op === '=~'))
  if (matcher === undefined) return undefined
  return matcher.op === '=' ? [matcher.value] : recorded.filter((signal) => fits(matcher, signal))
}

function thresholdsOf(reached: readonly ReachedThreshold[], alert: Rule, written: readonly ThresholdRule[]): Threshold[] {
  const excluded = selectorsOf(alert.expr).flatMap(({ matchers }) => matchers.filter(({ label }) => label === 'signal'))
  const wanted = new Map<string, Threshold>()
  for (const { selector, signals } of reached) {
    const name = thresholdName(selector.metric) ?? ''
    for (const signal of signals ?? everySignal(written, name, excluded))
      wanted.set(`${name} ${signal}`, thresholdOf(written, name, signal))
  }
  return [...wanted.values()].filter((threshold) => threshold.default !== undefined || threshold.overrides.length > 0)
}

function everySignal(written: readonly ThresholdRule[], name: string, excluded: readonly SelectorMatcher[]): string[] {
  const signals = written.filter((rule) => rule.name === name && rule.kind === 'default').map((rule) => rule.signal)
  return [...new Set(signals)].filter((signal) => signal === ANY_SIGNAL || excluded.every((matcher) => fits(matcher, signal)))
}

/** The rules that record what the selector asks for, by its metric or a pattern for it, as far as their own labels tell. */
export function recordedBy(selector: Selector, recorders: ReadonlyMap<string, readonly Rule[]>): Rule[] {
  return recordersOf(selector, recorders).filter((rule) =>
    selector.matchers.every((matcher) => {
      const value = rule.labels[matcher.label]
      return value === undefined || fits(matcher, value)
    }),
  )
}

function recordersOf({ metric, matchers }: Selector, recorders: ReadonlyMap<string, readonly Rule[]>): readonly Rule[] {
  if (metric !== '') return recorders.get(metric) ?? []
  const names = matchers.filter(({ label }) => label === '__name__')
  if (names.length === 0) return []
  return [...recorders].flatMap(([name, rules]) => (names.every((matcher) => fits(matcher, name)) ? rules : []))
}

export function fits({ op, value }: SelectorMatcher, actual: string): boolean {
  if (op === '=') return actual === value
  if (op === '!=') return actual !== value
  let isMatch = true
  try {
    isMatch = new RegExp(`^(?:${value})$`, 'su').test(actual)
  } catch {
    return true // RE2 knows what JavaScript does not; whoever cannot tell leaves it in
  }
  return op === '=~' ? isMatch : !isMatch
}
