/** Owns how figures are put into words in diagnoses. */

export function bytes(value: number): string {
  const magnitude = Math.abs(value)
  if (magnitude >= 1e9) return `${(value / 1e9).toFixed(1)} GB`
  if (magnitude >= 1e6) return `${Math.round(value / 1e6)} MB`
  if (magnitude >= 1e3) return `${Math.round(value / 1e3)} kB`
  return `${Math.round(value)} bytes`
}

export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return 'no foreseeable time'
  if (seconds < 90) return `${Math.round(seconds)} s`
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`
  if (seconds < 172_800) return `${(seconds / 3_600).toFixed(1)} h`
  return `${Math.round(seconds / 86_400)} days`
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}

export function amount(value: number): string {
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(2)))
}

/** "a, b and c". */
export function list(words: readonly string[]): string {
  return words.length <= 1 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`
}
