/** Owns how checks put figures into words. */

export function inMs(seconds: number): string {
  const ms = seconds * 1000
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`
}
