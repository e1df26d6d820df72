/** Owns what is wrong with thresholds and overrides that promtool cannot see: nobody reads them, or two say different things. */
import type { Fault } from './fault.ts'
import { nearest } from './nearest.ts'
import type { Rule } from './rule-files.ts'
import { selectorsOf } from './selectors.ts'
import { ANY_SIGNAL, thresholdName, thresholdRules, type ThresholdRule } from './thresholds.ts'

/** The values that a label has had lately in a Prometheus; undefined where nobody was asked. */
export type SeenValues = (label: string) => readonly string[] | undefined

export interface OverrideFaultsOptions {
  /** Those whose overrides are judged. */
  readonly rules: readonly Rule[]
  /** All rules that there are: what is read and which signals exist. */
  readonly known: readonly Rule[]
  readonly seen: SeenValues
}

/** In the order of the lines. */
export function overrideFaults({ rules, known, seen }: OverrideFaultsOptions): Fault[] {
  const judged = thresholdRules(rules)
  const read = readThresholds(known)
  const signals = knownSignals(known)
  const faults = [
    ...misnamed(rules),
    ...judged.flatMap((threshold) => [
      ...nameFaults(threshold, read),
      ...signalFaults(threshold, signals),
      ...valueFaults(threshold),
      ...(threshold.kind === 'override' ? subjectFaults(threshold, seen) : []),
    ]),
    ...duplicates(judged),
  ]
  return faults.toSorted((a, b) => (a.file === b.file ? (a.line ?? 0) - (b.line ?? 0) : a.file < b.file ? -1 : 1))
}

/** NAMEs of thresholds that some rule looks at. */
function readThresholds(known: readonly Rule[]): string[] {
  const names = known.flatMap((rule) => selectorsOf(rule.expr).flatMap(({ metric }) => thresholdName(metric) ?? []))
  return [...new Set(names)].toSorted()
}

/** Signals that are recorded, or that a default or an alert speaks of. */
function knownSignals(known: readonly Rule[]): string[] {
  const recorded = known.flatMap((rule) => (rule.kind === 'record' && rule.labels['signal'] !== undefined ? [rule] : []))
  const levels = recorded.filter((rule) => !rule.name.endsWith(':override')).flatMap((rule) => rule.labels['signal'] ?? [])
  const asked = known.flatMap((rule) =>
    selectorsOf(rule.expr).flatMap(({ matchers }) =>
      matchers.flatMap(({ label, op, value }) => (label === 'signal' && op === '=' ? [value] : [])),
    ),
  )
  return [...new Set([...levels, ...asked])].filter((signal) => signal !== ANY_SIGNAL).toSorted()
}

/** `procwarden:threshold:ratio:overide` is a rule like any other to promtool, and never read. */
function misnamed(rules: readonly Rule[]): Fault[] {
  return rules
    .filter((rule) => rule.kind === 'record' && /^procwarden:thresholds?:/.test(rule.name) && thresholdName(rule.name) === undefined)
    .map((rule) =>
      fault(rule, `${rule.name} is read by nothing: write procwarden:threshold:NAME:override or procwarden:threshold:NAME:default`),
    )
}

function nameFaults(threshold: ThresholdRule, read: readonly string[]): Fault[] {
  if (read.includes(threshold.name)) return []
  return [fault(threshold, `no rule reads a threshold named "${threshold.name}"${meant(threshold.name, read)}`)]
}

function signalFaults(threshold: ThresholdRule, signals: readonly string[]): Fault[] {
  const { signal } = threshold
  if (signal === ANY_SIGNAL || signals.includes(signal)) return []
  return [
    fault(threshold, `no rule records a signal "${signal}"${meant(signal, signals)}; a signal of your own needs a procwarden:signal:level`),
  ]
}

function valueFaults(threshold: ThresholdRule): Fault[] {
  if (threshold.value !== undefined) return []
  if (selectorsOf(threshold.expr).length > 0 && !/^vector\s*\(/.test(threshold.expr.trim())) return []
  return [fault(threshold, `"${threshold.expr.trim()}" is no number: write vector(8), or vector(+Inf) to mute`)]
}

function subjectFaults(override: ThresholdRule, seen: SeenValues): Fault[] {
  const subject = Object.entries(override.subject)
  if (subject.length === 0)
    return [fault(override, 'the override names nobody: add a label such as group, probe, directory or instance, or make it a default')]
  return subject.flatMap(([label, value]) => {
    const values = seen(label)
    if (values === undefined || values.includes(value) || !SUBJECT_LABELS.has(label)) return []
    return [
      fault(
        override,
        `no ${label} "${value}" has been seen in this Prometheus for a week${meant(value, values)}; remove the override if it is gone for good`,
      ),
    ]
  })
}

/** Labels of an override that name something which exists or not. */
export const SUBJECT_LABELS: ReadonlySet<string> = new Set(['group', 'probe', 'directory', 'service', 'instance', 'mountpoint', 'device'])

function duplicates(thresholds: readonly ThresholdRule[]): Fault[] {
  const same = Map.groupBy(thresholds, ({ name, kind, signal, subject }) =>
    JSON.stringify([name, kind, signal, Object.entries(subject).toSorted(([a], [b]) => (a < b ? -1 : 1))]),
  )
  return [...same.values()].flatMap(([first, ...others]) =>
    others.map((other) =>
      fault(
        other,
        `says the same as ${first?.file ?? ''}:${first?.line ?? 0} again, of which the greater value would hold: keep one of them`,
      ),
    ),
  )
}

function meant(name: string, among: readonly string[]): string {
  const near = nearest(name, among)
  return near === undefined
    ? among.length > 0 && among.length <= 30
      ? ` (there are: ${among.join(', ')})`
      : ''
    : `; did you mean "${near}"?`
}

function fault(place: { readonly file: string; readonly line: number }, message: string): Fault {
  return { file: place.file, line: place.line, message }
}
