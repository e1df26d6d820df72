/** Owns guessing which name was meant by a misspelt one. */

/** The name that differs in the fewest letters, when those are at most a third of it; undefined when none is that near. */
export function nearest(name: string, among: readonly string[]): string | undefined {
  const limit = Math.max(1, Math.floor(name.length / 3))
  return among
    .filter((other) => Math.abs(other.length - name.length) <= limit)
    .map((other) => ({ other, letters: distance(name, other) }))
    .filter(({ letters }) => letters <= limit)
    .toSorted((a, b) => a.letters - b.letters)[0]?.other
}

/** Levenshtein: insertions, deletions and replacements, a row at a time. */
function distance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let at = 1; at <= left.length; at++) {
    const next = [at]
    for (let to = 1; to <= right.length; to++) {
      const replaced = (row[to - 1] ?? 0) + (left[at - 1] === right[to - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[to] ?? 0) + 1, (next[to - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[right.length] ?? 0
}
