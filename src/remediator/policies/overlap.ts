/**
 * Owns telling how the alerts of two policies relate. The first policy that fits decides, so a special one before a general
 * one is right; one that never gets an alert, or two that each take some of the other's, are mistakes to be told.
 */
import { parseMatcher, type Matcher } from '../matcher.ts'

/**
 * within: all alerts of the first are alerts of the second too. covers: the other way round. same: both. crossing: some, not
 * all. apart: none in common, or nothing that can be said for sure.
 */
export type Relation = 'within' | 'covers' | 'same' | 'crossing' | 'apart'

const EXAMPLES_MAX = 4_096
/** A value that no policy has in mind. */
const OTHER = '\u0001other'

/** How the alerts that fit `first` relate to those that fit `second`; each a policy's matchers. */
export function relationOf(first: readonly string[], second: readonly string[]): Relation {
  const [a, b] = [first.map(parseMatcher), second.map(parseMatcher)]
  let both = false
  let onlyA = false
  let onlyB = false
  for (const labels of examples([...a, ...b])) {
    const [fitsA, fitsB] = [a.every((matcher) => matcher.matches(labels)), b.every((matcher) => matcher.matches(labels))]
    if (fitsA && fitsB) both = true
    else if (fitsA) onlyA = true
    else if (fitsB) onlyB = true
  }
  if (!both) return 'apart'
  // A regular expression may take more values than the examples show: "all" holds only where it can be proven.
  const [aCoversB, bCoversA] = [!onlyB && covers(a, b), !onlyA && covers(b, a)]
  if (aCoversB) return bCoversA ? 'same' : 'covers'
  if (bCoversA) return 'within'
  return onlyA && onlyB ? 'crossing' : 'apart'
}

/** Whether each matcher of `wide` is certain to hold wherever all of `narrow` do. */
function covers(wide: readonly Matcher[], narrow: readonly Matcher[]): boolean {
  return wide.every((matcher) =>
    narrow.some((other) => {
      if (other.name !== matcher.name) return false
      if (other.operator === matcher.operator && other.value === matcher.value) return true
      if (other.values !== undefined) return other.values.every((value) => matcher.matches({ [matcher.name]: value }))
      // Whatever is not empty: any regular expression that does not take the empty string is within.
      const isNotEmpty = (matcher.operator === '=~' && matcher.value === '.+') || (matcher.operator === '!=' && matcher.value === '')
      return isNotEmpty && !other.matches({ [other.name]: '' })
    }),
  )
}

/** Label sets made of all values that the matchers mention, one that none does, and none. */
function* examples(matchers: readonly Matcher[]): Generator<Record<string, string>> {
  const byName = new Map<string, Set<string>>()
  for (const { name, values, value } of matchers) {
    const known = byName.get(name) ?? new Set(['', OTHER])
    for (const each of values ?? [literalOf(value)]) known.add(each)
    byName.set(name, known)
  }
  const names = [...byName]
  const total = names.reduce((product, [, values]) => product * values.size, 1)
  for (let index = 0; index < Math.min(total, EXAMPLES_MAX); index++) {
    let rest = index
    yield Object.fromEntries(
      names.map(([name, values]) => {
        const value = [...values][rest % values.size] ?? ''
        rest = Math.floor(rest / values.size)
        return [name, value]
      }),
    )
  }
}

/** A text that a regular expression may well take: itself without what is special. */
function literalOf(source: string): string {
  return source.replaceAll(/\.[*+?]|\\(.)|[()[\]?+*^$|]/g, '$1')
}
