/** Owns the kind of program that a group is, from rules. Pure. */
import { basename } from 'node:path'

export interface CategoryRule {
  readonly category: string
  /** 0 to 1. */
  readonly confidence: number
  /** Names of groups or executables, of units and of users, with * for any characters. */
  readonly programs: readonly string[]
  readonly units: readonly string[]
  readonly users: readonly string[]
}

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
