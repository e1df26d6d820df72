/** Owns the checks of what must not be in the repository: traces of one machine, loose ends, an unusable lock file. */
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { missingPackages } from '../complete-lock.mjs'
import type { Check, CheckResult } from './check.ts'

interface Rule {
  readonly pattern: RegExp
  readonly fault: string
}

// Each pattern has a bracket in it, so that this file does not fault itself.
const RULES: readonly Rule[] = [
  { pattern: /\b(TOD[O]|FIXM[E]|XX[X]|HAC[K])\b/, fault: 'a loose end: do it, or leave it out' },
  { pattern: /(?<![\w.])\/(home|User[s])\/[a-z][\w-]*\//, fault: "a path of one person's machine" },
  { pattern: /(?<![\w./~-])\/(work\/(main|share[d])|tmp\/(apttes[t]|brie[f]))\b/, fault: 'a path of one machine' },
  { pattern: /\bregistry[.](npmjs|yarnpkg|npmmirror)[.]/, fault: 'the name of a package registry, which each user chooses' },
  { pattern: /^(<{7}|>{7}) /m, fault: 'a merge conflict' },
]

/** What .gitignore leaves out; .git itself besides. */
const SKIPPED = new Set(['.git', 'node_modules', 'dist', 'build', 'coverage', '.cache', 'test/e2e/output'])
const TEXT_BYTES_MAX = 2_000_000

const LockFile = z.object({
  packages: z.record(
    z.string(),
    z.looseObject({
      version: z.string().optional(),
      resolved: z.string().optional(),
      optionalDependencies: z.record(z.string(), z.string()).optional(),
    }),
  ),
})

export const hygieneChecks: readonly Check[] = [
  { name: 'repository hygiene', run: () => Promise.resolve(checkFiles('.')) },
  { name: 'lock file', run: () => Promise.resolve(checkLock(readFileSync('package-lock.json', 'utf8'))) },
]

/** Looks into every text file under `root`. */
export function checkFiles(root: string): CheckResult {
  const files = filesUnder(root, '')
  const faults = files.flatMap((file) => faultsOf(file, readFileSync(path.join(root, file))))
  return files.length === 0 ? { ok: false, output: 'no file was found' } : { ok: faults.length === 0, output: faults.join('\n') }
}

/** The lock file must work with any registry and on any platform. */
export function checkLock(text: string): CheckResult {
  const lock = LockFile.parse(JSON.parse(text))
  const hosts = Object.entries(lock.packages).filter(([, locked]) => locked.resolved?.includes('://'))
  const missing = missingPackages(lock)
  const faults = [
    ...hosts.map(
      ([location, locked]) => `${location} is bound to ${locked.resolved}: set omit-lockfile-registry-resolved in .npmrc and install again`,
    ),
    ...missing.map(({ name }) => `${name} is missing, and npm ci refuses that: run 'node scripts/complete-lock.mjs'`),
  ]
  return { ok: faults.length === 0, output: faults.join('\n') }
}

function filesUnder(root: string, folder: string): string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = path.join(folder, entry.name)
    if (SKIPPED.has(name) || SKIPPED.has(entry.name)) return []
    if (entry.isDirectory()) return filesUnder(root, name)
    return entry.isFile() && name !== 'package-lock.json' ? [name] : []
  })
}

function faultsOf(file: string, content: Buffer): string[] {
  if (content.length > TEXT_BYTES_MAX) return [`${file}: larger than ${TEXT_BYTES_MAX} bytes`]
  if (content.includes(0)) return []
  const text = content.toString()
  return RULES.flatMap(({ pattern, fault }) => {
    const found = pattern.exec(text)
    return found === null ? [] : [`${file}:${text.slice(0, found.index).split('\n').length}: ${fault}: ${found[0]}`]
  })
}
