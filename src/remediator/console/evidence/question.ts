/** Owns which series stand for an alert: the engine's own for its signals, else what the alert's rule reads and fits its figure. */
import type { Incident } from '../../model.ts'
import { promqlString, type Curve } from '../../prometheus.ts'

/** Labels that tell one thing from another; a series may lack some of the alert's. */
const IDENTITY = ['instance', 'job', 'group', 'pid', 'probe', 'device', 'directory', 'mountpoint', 'service', 'check', 'signal'] as const

/** The engine's series for a signal (prometheus/rules/baselines.yml, limits.yml). */
const ENGINE = {
  level: 'procwarden:signal:level',
  value: 'procwarden:limit:value',
  baseline: 'procwarden:signal:baseline',
  limit: 'procwarden:signal:limit',
  threshold: 'procwarden:threshold:limit',
  upper: 'procwarden:signal:upper',
  lower: 'procwarden:signal:lower',
} as const

/** All that the engine knows of the alert's signal; undefined when the alert is about none. */
export function signalQuestion({ labels }: Incident): string | undefined {
  return labels['signal'] === undefined ? undefined : selector(Object.values(ENGINE), labels)
}

/** Every series of these names that is about the same as the alert. */
export function selector(names: readonly string[], labels: Readonly<Record<string, string>>): string {
  const conditions = IDENTITY.flatMap((label) => {
    const value = labels[label]
    return value === undefined ? [] : [`${label}=~${promqlString(`|${quoteRegExp(value)}`)}`]
  })
  return `{${[`__name__=~${promqlString(names.map(quoteRegExp).join('|'))}`, ...conditions].join(',')}}`
}

export interface EngineCurves {
  readonly current: Curve
  readonly baseline?: Curve | undefined
  readonly limit?: Curve | undefined
  readonly upper?: Curve | undefined
  readonly lower?: Curve | undefined
}

/** Undefined when the level itself is missing. */
export function engineCurves(curves: readonly Curve[]): EngineCurves | undefined {
  const of = (name: string): Curve | undefined => longest(curves.filter(({ labels }) => labels['__name__'] === name))
  const current = of(ENGINE.level) ?? of(ENGINE.value)
  if (current === undefined) return undefined
  return {
    current,
    baseline: of(ENGINE.baseline),
    limit: of(ENGINE.limit) ?? of(ENGINE.threshold),
    upper: of(ENGINE.upper),
    lower: of(ENGINE.lower),
  }
}

/** How far from the alert's figure a curve may be when the alert began, to be taken for what it speaks of. */
const FITS_WITHIN = 0.5
const BEFORE_SECONDS = 30
const AFTER_SECONDS = 120

/** A counter begins where what is counted does, and then only ever rises: it fits at first and says nothing later. */
const COUNTER = /_total$/

/**
 * Of the series behind an alert, the one whose value was what the alert said when it began; without a figure, the first that there is.
 * What that is recorded from says the same wherever both are, and may tell more of the time before: then it is taken.
 */
export function fittingCurve(
  curves: readonly Curve[],
  names: readonly string[],
  { annotations, startedAt, labels }: Incident,
): Curve | undefined {
  const nameOf = (curve: Curve): string => curve.labels['__name__'] ?? ''
  const isAboutTheSame = (curve: Curve): boolean =>
    IDENTITY.every((label) => curve.labels[label] === undefined || labels[label] !== undefined)
  const inOrder = curves
    .filter((curve) => !COUNTER.test(nameOf(curve)) && isAboutTheSame(curve))
    .toSorted((a, b) => names.indexOf(nameOf(a)) - names.indexOf(nameOf(b)))
  const said = Number(annotations['current'] ?? Number.NaN)
  const fitting = Number.isFinite(said) ? nearestTo(said, Date.parse(startedAt) / 1000, inOrder) : inOrder[0]
  return fitting && longest(inOrder.filter((curve) => tellsTheSame(curve, fitting)))
}

function nearestTo(said: number, begunAt: number, curves: readonly Curve[]): Curve | undefined {
  const distance = (curve: Curve): number =>
    Math.min(
      ...curve.values
        .filter(([at]) => at >= begunAt - BEFORE_SECONDS && at <= begunAt + AFTER_SECONDS)
        .map(([, text]) => Math.abs(Number(text) - said) / Math.max(Math.abs(said), 1e-9)),
    )
  const [nearest] = curves.map((curve) => ({ curve, far: distance(curve) })).toSorted((a, b) => a.far - b.far)
  return nearest && nearest.far <= FITS_WITHIN ? nearest.curve : undefined
}

function tellsTheSame(curve: Curve, other: Curve): boolean {
  const values = new Map(curve.values)
  return other.values.every(([at, text]) => values.get(at) === text)
}

/** Of what a whole expression gives, the curve about the same as the alert. */
export function sameSubject(curves: readonly Curve[], labels: Readonly<Record<string, string>>): Curve | undefined {
  return longest(
    curves.filter(({ labels: of }) =>
      IDENTITY.every((label) => of[label] === undefined || labels[label] === undefined || of[label] === labels[label]),
    ),
  )
}

function longest(curves: readonly Curve[]): Curve | undefined {
  return curves.toSorted((a, b) => b.values.length - a.values.length)[0]
}

/** RE2's own characters (github.com/google/re2/wiki/Syntax). */
function quoteRegExp(text: string): string {
  return text.replaceAll(/[\\^$.|?*+()[\]{}]/g, String.raw`\$&`)
}
