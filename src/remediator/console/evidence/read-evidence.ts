/** Owns getting an incident's evidence out of Prometheus: few questions, bounded in number and time, and kept for a moment. */
import { OperationalError, messageOf } from '../../../lib/errors.ts'
import type { Peer } from '../../../lib/peer.ts'
import type { TimelineEntry } from '../../incident-view.ts'
import type { Incident } from '../../model.ts'
import { readRuleExpressions, seriesBehind, type RuleExpressions } from '../../prometheus-rules.ts'
import type { Curve, Prometheus } from '../../prometheus.ts'
import {
  constant,
  momentsOf,
  spanOf,
  timesOf,
  valuesOf,
  withoutEmptyLead,
  type Evidence,
  type EvidenceAnswer,
  type Span,
  type Values,
} from './evidence.ts'
import { engineCurves, fittingCurve, sameSubject, selector, signalQuestion } from './question.ts'

/** What is asked of Prometheus. */
export interface EvidenceSource {
  readonly prometheus: Prometheus
  /** The same, for its rules. */
  readonly peer: Peer
}

export interface EvidenceReaderOptions {
  /** Undefined when none is configured. */
  readonly source: () => EvidenceSource | undefined
  readonly nowMs: () => number
}

export type EvidenceReader = (incident: Incident, timeline: readonly TimelineEntry[]) => Promise<EvidenceAnswer>

type Drawn = Omit<Evidence, 'moments'>
type Curves = { readonly kind: 'drawn'; readonly drawn: Drawn } | { readonly kind: 'none'; readonly why: string }

const KEPT_MS = 4_000
const KEPT_MAX = 32
const RULES_KEPT_MS = 60_000
/** More at once wait for nobody: they are told that it is busy. */
const AT_ONCE_MAX = 8
/** Prometheus' own names of what says how an alert is judged, not what it is about. */
const JUDGING = /^procwarden:(?:threshold|detector|override)(?::|$)/

export function createEvidenceReader(options: EvidenceReaderOptions): EvidenceReader {
  const curvesOf = createCurveMemory(options)
  return async (incident, timeline) => {
    const moments = momentsOf(timeline)
    const curves = await curvesOf(incident, moments.at(-1)?.at ?? 0)
    // What was done is known at once; only what was measured is kept for a moment.
    return curves.kind === 'none' ? curves : { kind: 'drawn', evidence: { ...curves.drawn, moments } }
  }
}

function createCurveMemory({ source, nowMs }: EvidenceReaderOptions): (incident: Incident, untilSeconds: number) => Promise<Curves> {
  const kept = new Map<string, { readonly atMs: number; readonly answer: Promise<Curves> }>()
  const rules = createRuleMemory(nowMs)
  let atOnce = 0
  return async (incident, untilSeconds) => {
    const from = source()
    if (!from) return { kind: 'none', why: 'No Prometheus is configured: set prometheus.url in the configuration, or --prometheus.url.' }
    const known = kept.get(incident.id)
    // What was done since then belongs into the chart: it has to reach that far.
    if (known && nowMs() - known.atMs < KEPT_MS && untilSeconds * 1000 < known.atMs) return known.answer
    if (atOnce >= AT_ONCE_MAX) return { kind: 'none', why: 'Too many charts are being drawn right now: reload in a moment.' }
    atOnce += 1
    const answer = read(incident, from, rules, nowMs()).finally(() => (atOnce -= 1))
    kept.delete(incident.id)
    kept.set(incident.id, { atMs: nowMs(), answer })
    const [oldest] = kept.keys()
    if (kept.size > KEPT_MAX && oldest !== undefined) kept.delete(oldest)
    return answer
  }
}

type RuleMemory = (peer: Peer) => Promise<RuleExpressions>

function createRuleMemory(nowMs: () => number): RuleMemory {
  let memory: { readonly peer: Peer; readonly atMs: number; readonly rules: RuleExpressions } | undefined
  return async (peer) => {
    if (memory && memory.peer === peer && nowMs() - memory.atMs < RULES_KEPT_MS) return memory.rules
    memory = { peer, atMs: nowMs(), rules: await readRuleExpressions(peer) }
    return memory.rules
  }
}

async function read(incident: Incident, source: EvidenceSource, rules: RuleMemory, nowMs: number): Promise<Curves> {
  const span = spanOf(incident, nowMs)
  try {
    const drawn = (await fromEngine(incident, source, span)) ?? (await fromRule(incident, source, rules, span))
    return drawn
      ? { kind: 'drawn', drawn: withoutEmptyLead(drawn) }
      : { kind: 'none', why: 'Prometheus has no measurements of it for that time: too old, or the series is gone.' }
  } catch (error) {
    if (error instanceof OperationalError) return { kind: 'none', why: `${messageOf(error)}.` }
    throw error
  }
}

async function fromEngine(incident: Incident, { prometheus }: EvidenceSource, span: Span): Promise<Drawn | undefined> {
  const question = signalQuestion(incident)
  const curves = question === undefined ? undefined : engineCurves(await prometheus.queryRange(question, span))
  if (!curves) return undefined
  const { annotations, labels } = incident
  const or = (curve: Curve | undefined, text: string | undefined): Values => (curve ? valuesOf(curve, span) : constant(text, span))
  const limit = or(curves.limit, annotations['threshold'])
  const upper = curves.upper ? valuesOf(curves.upper, span) : limit
  return {
    ...about(incident, `${curves.current.labels['__name__'] ?? ''}{signal="${labels['signal'] ?? ''}"}`, span),
    current: valuesOf(curves.current, span),
    baseline: or(curves.baseline, annotations['baseline']),
    limit,
    upper,
    lower: curves.lower ? valuesOf(curves.lower, span).map((value) => value && Math.max(0, value)) : zeroBelow(upper),
  }
}

async function fromRule(
  incident: Incident,
  { prometheus, peer }: EvidenceSource,
  rules: RuleMemory,
  span: Span,
): Promise<Drawn | undefined> {
  const known = await rules(peer)
  const names = seriesBehind(incident.alertname, known, (name) => !JUDGING.test(name))
  const candidates = names.length === 0 ? [] : await prometheus.queryRange(selector(names, incident.labels), span)
  const fitting = fittingCurve(candidates, names, incident)
  if (fitting) return alongside(incident, fitting, fitting.labels['__name__'] ?? '', span)
  // The rule itself gives its value while it fires, and nothing before.
  for (const expression of known.alerts.get(incident.alertname) ?? []) {
    const curve = sameSubject(await prometheus.queryRange(expression, span), incident.labels)
    if (curve) return alongside(incident, curve, `the rule of ${incident.alertname}`, span)
  }
  return undefined
}

function alongside(incident: Incident, curve: Curve, name: string, span: Span): Drawn {
  const limit = constant(incident.annotations['threshold'], span)
  return {
    ...about(incident, name, span),
    current: valuesOf(curve, span),
    baseline: constant(incident.annotations['baseline'], span),
    limit,
    upper: limit,
    lower: zeroBelow(limit),
  }
}

function about({ annotations }: Incident, source: string, span: Span): Pick<Drawn, 'unit' | 'source' | 'times'> {
  return { unit: annotations['unit'] ?? '', source, times: timesOf(span) }
}

function zeroBelow(upper: Values): Values {
  return upper.map((value) => (value === null ? null : Math.min(0, value)))
}
