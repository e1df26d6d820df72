/** Owns judging a group's category by one of its processes, once for each program that a process runs. */
import { createClassifier, type CategoryRule } from '../lib/groups/category.ts'
import type { TrackedProcess } from './tracked-process.ts'

/** The category of a group by its name alone, or an empty string when no rule fits. */
export function createCategoryOfName(rules: readonly CategoryRule[]): (group: string) => string {
  const classify = createClassifier(rules)
  return (group) => classify({ group, isKernelThread: false })?.category ?? ''
}

/** The category, or an empty string when no rule fits. */
export function createCategoryOf(rules: readonly CategoryRule[], userName: (uid: number) => string): (process: TrackedProcess) => string {
  const classify = createClassifier(rules)
  // Details are a new object after each exec, and gone with their process.
  const judged = new WeakMap<object, { readonly group: string; readonly category: string }>()
  return ({ group, details, isKernelThread }) => {
    const known = judged.get(details)
    if (known?.group === group.name) return known.category
    const { exe, unit, uid } = details
    const user = uid === undefined ? undefined : userName(uid)
    const category = classify({ group: group.name, exe, unit, user, isKernelThread })?.category ?? ''
    judged.set(details, { group: group.name, category })
    return category
  }
}
