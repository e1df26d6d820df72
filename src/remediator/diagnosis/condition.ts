/** Owns conditions of a diagnosis: what was looked at, whether it held, and by how far; and the confidence that they earn. */
import type { Confidence } from '../target.ts'
import type { EvidenceItem } from './diagnosis.ts'
import { FIGURES } from './figures.ts'

export interface Condition extends EvidenceItem {
  /** 1: just so. 2: twice as far as it had to. Of no meaning where nothing held. */
  readonly margin: number
}

/** Text gets the value in; `undefined` is what could not be told. */
type Say = (value: number) => string

const MARGIN_MAX = 10

/** Without it, it is not that. */
export function required(value: number | undefined, comparison: '>=' | '<=', limit: number, say: Say, unknown: string): Condition {
  return condition(value, comparison, limit, say, unknown, true)
}

/** With it, it is the surer. */
export function supporting(value: number | undefined, comparison: '>=' | '<=', limit: number, say: Say, unknown: string): Condition {
  return condition(value, comparison, limit, say, unknown, false)
}

export function fact(held: boolean | undefined, text: string, isRequired = false): Condition {
  return { text, held: held ?? null, isRequired, margin: held === true ? FIGURES.sureMargin : 0 }
}

function condition(
  value: number | undefined,
  comparison: '>=' | '<=',
  limit: number,
  say: Say,
  unknown: string,
  isRequired: boolean,
): Condition {
  if (value === undefined || Number.isNaN(value)) return { text: unknown, held: null, isRequired, margin: 0 }
  const held = comparison === '>=' ? value >= limit : value <= limit
  const margin = comparison === '>=' ? value / limit : value <= 0 ? MARGIN_MAX : limit / value
  return { text: say(value), held, isRequired, margin: Math.min(MARGIN_MAX, margin) }
}

/** Undefined: it is not that, or nothing speaks for it. Low: what it takes could not all be told. */
export function confidenceOf(conditions: readonly Condition[]): Confidence | undefined {
  const must = conditions.filter(({ isRequired }) => isRequired)
  if (must.some(({ held }) => held === false) || !must.some(({ held }) => held === true)) return undefined
  const unknown = must.filter(({ held }) => held === null).length
  // Of which less is known than not, nothing can be said.
  if (unknown > must.length / 2) return undefined
  if (unknown > 0) return 'low'
  const others = conditions.filter(({ isRequired, held }) => !isRequired && held !== null)
  const holding = others.filter(({ held }) => held === true).length
  const isFar = must.every(({ margin }) => margin >= FIGURES.sureMargin)
  const isSupported = others.length > 0 && holding >= others.length - others.length / 3
  if (isFar && isSupported) return 'high'
  // Most of what else there is to see speaks against it.
  return others.length > 0 && holding * 2 < others.length ? 'low' : 'medium'
}

/** By how far the required conditions hold, the weakest of them. */
export function marginOf(conditions: readonly Condition[]): number {
  return Math.min(MARGIN_MAX, ...conditions.filter(({ isRequired, held }) => isRequired && held === true).map(({ margin }) => margin))
}
