/** Owns saying what kind of program a process is, in a sentence, from the rules of config/categories.yml. */
import { createClassifier, type CategoryRule } from '../../lib/groups/category.ts'
import type { Classification, Classify } from './overview.ts'

/** What no rule knows; its confidence is 0, for nothing was recognised. */
const UNKNOWN_CATEGORY = 'other'
const SURE_FROM = 0.8
const LIKELY_FROM = 0.5

export function createClassify(rules: readonly CategoryRule[], userName: (uid: number) => string): Classify {
  const classify = createClassifier(rules)
  // Details are a new object after each exec, and gone with their process: hundreds of patterns are tried once for each.
  const judged = new WeakMap<object, { readonly group: string; readonly classification: Classification }>()
  return ({ group: { name: group }, details, isKernelThread }) => {
    const known = judged.get(details)
    if (known?.group === group) return known.classification
    const { exe, unit, uid } = details
    const user = uid === undefined ? undefined : userName(uid)
    const classification = describe(group, classify({ group, exe, unit, user, isKernelThread }))
    judged.set(details, { group, classification })
    return classification
  }
}

/** "pg_dump is a backup program", as sure as the rule is. */
export function describe(group: string, found: { readonly category: string; readonly confidence: number } | undefined): Classification {
  if (found === undefined) return { category: UNKNOWN_CATEGORY, confidence: 0, sentence: `${group} is a program of no known kind` }
  const { category, confidence } = found
  if (category === 'kernel') return { category, confidence, sentence: `${group} is a part of the kernel` }
  const verb = confidence >= SURE_FROM ? 'is' : confidence >= LIKELY_FROM ? 'is likely' : 'may be'
  return { category, confidence, sentence: `${group} ${verb} a ${category} program` }
}
