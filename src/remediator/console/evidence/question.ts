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

/** Of the curves that the alert's rule reads, the one whose value was what the alert said; without a figure, the first that there is. */
export function fittingCurve(curves: readonly Curve[], names: readonly string[], { annotations, startedAt }: Incident): Curve | undefined {
  const inOrder = curves.toSorted((a, b) => names.indexOf(a.labels['__name__'] ?? '') - names.indexOf(b.labels['__name__'] ?? ''))
  const said = Number(annotations['current'] ?? Number.NaN)
  if (!Number.isFinite(said)) return inOrder[0]
  const begunAt = Date.parse(startedAt) / 1000
  const distance = (curve: Curve): number =>
    Math.min(
      ...curve.values
        .filter(([at]) => at >= begunAt - BEFORE_SECONDS && at <= begunAt + AFTER_SECONDS)
        .map(([, text]) => Math.abs(Number(text) - said) / Math.max(Math.abs(said), 1e-9)),
    )
  const [nearest] = inOrder.map((curve) => ({ curve, far: distance(curve) })).toSorted((a, b) => a.far - b.far)
  return nearest && nearest.far <= FITS_WITHIN ? nearest.curve : undefined
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
