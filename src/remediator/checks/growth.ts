/**
 * Owns telling from a minute of memory samples how fast a program grows. A garbage-collected heap rises and falls by megabytes
 * within seconds; what counts is the slope that is left when the scatter around the line is given the benefit of the doubt.
 */

export interface MemorySample {
  readonly ms: number
  readonly bytes: number
}

const HOUR_MS = 3_600_000
const SAMPLES_MIN = 4
/** Two-sided 95 % for some twenty samples (Student's t); fewer are less sure, and the factor grows. */
const T_BY_FREEDOM: ReadonlyArray<readonly [freedom: number, t: number]> = [
  [2, 4.303],
  [3, 3.182],
  [4, 2.776],
  [6, 2.447],
  [10, 2.228],
  [20, 2.086],
]

/** Bytes per hour that the samples prove at least; 0 when they prove no growth, undefined when they are too few. */
export function provenGrowth(samples: readonly MemorySample[]): number | undefined {
  const n = samples.length
  if (n < SAMPLES_MIN) return undefined
  const meanMs = sum(samples.map((sample) => sample.ms)) / n
  const meanBytes = sum(samples.map((sample) => sample.bytes)) / n
  const spread = sum(samples.map((sample) => (sample.ms - meanMs) ** 2))
  if (spread === 0) return undefined
  const slope = sum(samples.map((sample) => (sample.ms - meanMs) * (sample.bytes - meanBytes))) / spread
  const residuals = samples.map((sample) => sample.bytes - meanBytes - slope * (sample.ms - meanMs))
  // Neighbouring samples of memory are alike: they count as fewer than they are.
  const effective = Math.max(3, n * independence(residuals))
  const error = Math.sqrt(sum(residuals.map((each) => each ** 2)) / Math.max(1, effective - 2) / (spread * (effective / n)))
  return Math.max(0, (slope - studentT(effective - 2) * error) * HOUR_MS)
}

/** The share of samples that bring news: (1 - r) / (1 + r) for the lag-1 autocorrelation r. */
function independence(residuals: readonly number[]): number {
  const power = sum(residuals.map((each) => each ** 2))
  if (power === 0) return 1
  const lagged = sum(residuals.slice(1).map((each, index) => each * (residuals[index] ?? 0)))
  const r = Math.min(0.95, Math.max(0, lagged / power))
  return (1 - r) / (1 + r)
}

function studentT(freedom: number): number {
  if (freedom < 2) return 12.706
  return T_BY_FREEDOM.findLast(([from]) => freedom >= from)?.[1] ?? 4.303
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
