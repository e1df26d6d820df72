/** Owns the arithmetic of a chart: what range it spans, where its ticks are, and where on paper a value lies. */
import type { Evidence, Values } from '../evidence/evidence.ts'

/** A limit this many times above everything else would flatten the rest: it is left out of the range. */
const LIMIT_TIMES_MAX = 6

export function highestOf({ current, baseline, limit, upper }: Evidence): number {
  const seen = Math.max(largest(current), largest(baseline))
  const allowed = Math.max(largest(limit), largest(upper))
  const top = allowed <= seen * LIMIT_TIMES_MAX || seen <= 0 ? Math.max(seen, allowed) : seen
  return top > 0 ? top * 1.08 : 1
}

function largest(values: Values): number {
  return values.reduce<number>((top, value) => (value === null ? top : Math.max(top, value)), 0)
}

/** Round values from 0 up to at most `top`; bytes in powers of two. */
export function valueTicks(top: number, isBytes: boolean, count = 4): number[] {
  const step = isBytes ? byteStep(top / count) : roundStep(top / count)
  return Array.from({ length: Math.floor(top / step) + 1 }, (_, index) => index * step)
}

function roundStep(raw: number): number {
  const power = 10 ** Math.floor(Math.log10(raw))
  const factor = [1, 2, 2.5, 5, 10].find((each) => each * power >= raw) ?? 10
  return factor * power
}

function byteStep(raw: number): number {
  const power = 1024 ** Math.max(0, Math.floor(Math.log(Math.max(raw, 1)) / Math.log(1024)))
  return roundStep(raw / power) * power
}

const STEPS_SECONDS = [60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800]

/** Whole minutes, hours or days between two moments in seconds. */
export function timeTicks(from: number, to: number, count: number): number[] {
  const step = STEPS_SECONDS.find((seconds) => (to - from) / seconds <= count) ?? 604_800
  const first = Math.ceil(from / step) * step
  return Array.from({ length: Math.max(0, Math.floor((to - first) / step) + 1) }, (_, index) => first + index * step)
}

/** `14:05`, or `Nov 25` where the ticks are days apart. */
export function tickText(seconds: number, isLong: boolean): string {
  const iso = new Date(seconds * 1000).toISOString()
  return isLong ? `${iso.slice(5, 10)} ${iso.slice(11, 16)}` : iso.slice(11, 16)
}

/** Runs of points without a gap, as SVG path data. */
export function linePath(values: Values, x: (index: number) => number, y: (value: number) => number): string {
  let isDrawing = false
  let path = ''
  for (const [index, value] of values.entries()) {
    if (value === null) {
      isDrawing = false
      continue
    }
    path += `${isDrawing ? 'L' : 'M'}${coordinate(x(index))} ${coordinate(y(value))}`
    // A point without neighbours would not be seen.
    if (!isDrawing && (values[index + 1] ?? null) === null) path += 'h0.1'
    isDrawing = true
  }
  return path
}

/** The area between two curves, where both are. */
export function bandPath(lower: Values, upper: Values, x: (index: number) => number, y: (value: number) => number): string {
  let path = ''
  let run: number[] = []
  const close = (): void => {
    if (run.length > 1) {
      const there = run.map((index) => `${coordinate(x(index))} ${coordinate(y(upper[index] ?? 0))}`)
      const back = run.toReversed().map((index) => `${coordinate(x(index))} ${coordinate(y(lower[index] ?? 0))}`)
      path += `M${there.join('L')}L${back.join('L')}Z`
    }
    run = []
  }
  for (const index of upper.keys()) {
    if ((upper[index] ?? null) === null || (lower[index] ?? null) === null) close()
    else run.push(index)
  }
  close()
  return path
}

export interface MarkGroup {
  /** Where its number stands. */
  readonly x: number
  /** `3`, or `3-5` where marks are too close to be told apart. */
  readonly text: string
}

/** Numbers for marks in order of time; marks closer than `apart` share one. */
export function groupMarks(xs: readonly number[], apart: number): MarkGroup[] {
  const groups: Array<{ first: number; last: number; x: number; lastX: number }> = []
  for (const [index, x] of xs.entries()) {
    const group = groups.at(-1)
    if (group && x - group.lastX < apart) Object.assign(group, { last: index + 1, lastX: x })
    else groups.push({ first: index + 1, last: index + 1, x, lastX: x })
  }
  return groups.map(({ first, last, x, lastX }) => ({ x: (x + lastX) / 2, text: first === last ? String(first) : `${first}-${last}` }))
}

function coordinate(value: number): string {
  return value.toFixed(1)
}
