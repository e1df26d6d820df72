/** Owns the kind of program that a group is, from the rules of config/categories.yml. Pure but for reading that file once. */
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { loadConfigFile } from '../config-file.ts'

const globs = z.array(z.string().min(1).max(128)).default([])
export const categoriesSchema = z
  .array(
    z.strictObject({
      category: z.string().regex(/^[a-z][a-z-]{0,31}$/, 'small letters and dashes'),
      confidence: z.number().min(0).max(1),
      programs: globs,
      units: globs,
      users: globs,
    }),
  )
  .max(1000)
export type CategoryRule = z.infer<typeof categoriesSchema>[number]

export interface CategorySubject {
  /** The group's name and the executable, of which either may tell. */
  readonly group: string
  readonly exe?: string | undefined
  readonly unit?: string | undefined
  readonly user?: string | undefined
  readonly isKernelThread: boolean
}

export interface Category {
  readonly category: string
  /** 0 to 1. */
  readonly confidence: number
}

/** From this file both in the source tree and in the compiled package. */
const SHIPPED_RULES = fileURLToPath(new URL('../../../config/categories.yml', import.meta.url))

/** Throws UsageError with every fault of the file. */
export function loadCategories(path: string = SHIPPED_RULES): CategoryRule[] {
  return loadConfigFile(categoriesSchema, path)
}

/** Tells the category; the most confident rule that fits decides, of equals the first. Undefined when none fits. */
export function createClassifier(rules: readonly CategoryRule[]): (subject: CategorySubject) => Category | undefined {
  const compiled = rules
    .map(({ category, confidence, programs, units, users }) => ({
      category,
      confidence,
      isProgram: compile(programs),
      isUnit: compile(units),
      isUser: compile(users),
    }))
    .toSorted((a, b) => b.confidence - a.confidence)
  return ({ group, exe, unit, user, isKernelThread }) => {
    if (isKernelThread) return { category: 'kernel', confidence: 1 }
    const names = [group, basename(group), ...(exe === undefined ? [] : [basename(exe)])]
    return compiled.find(
      ({ isProgram, isUnit, isUser }) =>
        names.some(isProgram) || (unit !== undefined && isUnit(unit)) || (user !== undefined && isUser(user)),
    )
  }
}

function compile(patterns: readonly string[]): (name: string) => boolean {
  const whole = new Set(patterns.filter((pattern) => !pattern.includes('*')))
  const globbed = patterns
    .filter((pattern) => pattern.includes('*'))
    .map((pattern) => new RegExp(`^${pattern.replaceAll(/[.+^${}()|[\]\\?]/g, '\\$&').replaceAll('*', '.*')}$`, 'su'))
  return (name) => whole.has(name) || globbed.some((pattern) => pattern.test(name))
}
