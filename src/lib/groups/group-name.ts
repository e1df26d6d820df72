/** Owns naming the group of a process: configured matchers first, then its program. Pure; every name in is hostile, every name out is safe. */
import { basename } from 'node:path'
import { interpretedName, isInterpreter } from './interpreter.ts'

export interface GroupSubject {
  readonly comm: string
  readonly exe?: string | undefined
  readonly cmdline: readonly string[]
  readonly isKernelThread?: boolean
  /** Of the real user id. */
  readonly user?: string | undefined
  readonly unit?: string | undefined
  readonly container?: string | undefined
}

/** All of the given conditions must fit; at least one is given. */
export interface GroupMatcher {
  /** May hold {{comm}}, {{exe}} (the executable's base name), {{user}}, {{unit}}, {{container}} and the named captures of `cmdline`. */
  readonly name: string
  readonly comm?: readonly string[]
  /** Base names, or whole paths when they hold a slash. */
  readonly exe?: readonly string[]
  /** Tested against the arguments joined by spaces. */
  readonly cmdline?: RegExp
  /** In the following, * stands for any characters: `container: '*'` is every container. */
  readonly user?: readonly string[]
  readonly unit?: readonly string[]
  readonly container?: readonly string[]
}

/** Which rule named a group. */
export interface GroupNaming {
  readonly name: string
  /** Of the matcher, counted from 0; undefined when none fits. */
  readonly matcherIndex: number | undefined
  /** In words for people. */
  readonly why: string
}

/** Files whose writer was gone before it could be asked for its name. */
export const UNKNOWN_GROUP = 'unknown'
/** What the cap on groups leaves without a group of its own. */
export const OTHER_GROUP = 'other'
export const GROUP_NAME_LENGTH_MAX = 64

const JOINED_CMDLINE_LENGTH_MAX = 4096
/** One executable that is many programs, told apart by argv[0]. */
const MULTI_CALL = /^(?:busybox|toybox|coreutils)$/

/** The group's name: 1 to 64 printable characters of valid Unicode. The first matcher that fits decides. */
export function groupNameOf(subject: GroupSubject, matchers: readonly GroupMatcher[] = []): string {
  for (const matcher of matchers) {
    const name = matchedName(subject, matcher)
    if (name !== undefined) return safeName(name)
  }
  return defaultName(subject)
}

/** As groupNameOf, with the reason. */
export function explainGroupName(subject: GroupSubject, matchers: readonly GroupMatcher[] = []): GroupNaming {
  for (const [matcherIndex, matcher] of matchers.entries()) {
    const name = matchedName(subject, matcher)
    if (name === undefined) continue
    const conditions = MATCHER_KEYS.filter((key) => matcher[key] !== undefined)
    return {
      name: safeName(name),
      matcherIndex,
      why: `the configured group "${matcher.name}" is the first that fits, by ${conditions.join(' and ')}`,
    }
  }
  const none = matchers.length === 0 ? '' : `none of the ${matchers.length} configured groups fits; `
  return { name: defaultName(subject), matcherIndex: undefined, why: none + defaultReason(subject) }
}

const MATCHER_KEYS = ['comm', 'exe', 'cmdline', 'user', 'unit', 'container'] as const

function defaultName(subject: GroupSubject): string {
  const name = subject.isKernelThread === true ? kernelThreadName(subject.comm) : programName(subject)
  const safe = safeName(name)
  // A program that calls itself by one of our own names must not pass for what we mean by it.
  return safe === UNKNOWN_GROUP || safe === OTHER_GROUP ? `${safe}_` : safe
}

function defaultReason(subject: GroupSubject): string {
  if (subject.isKernelThread === true) return 'a thread of the kernel is named by the stem of its name'
  const program = executableName(subject)
  if (MULTI_CALL.test(program)) return `${program} is many programs in one file, told apart by the first argument`
  if (interpretedName(program, subject.cmdline) !== undefined) return `${program} is an interpreter, named by the script or module it runs`
  if (titleOf(program, subject.cmdline) !== undefined)
    return `${program} is an interpreter, named by the title that the program has given itself`
  if (isInterpreter(program)) return `${program} is an interpreter, but its command line names no script or module`
  if (subject.exe === undefined || subject.exe === '') return 'its executable may not be read, so it is named by what it calls itself'
  return 'it is named by its executable'
}

function matchedName(subject: GroupSubject, matcher: GroupMatcher): string | undefined {
  const exe = subject.exe ?? ''
  if (matcher.comm !== undefined && !matcher.comm.includes(subject.comm)) return undefined
  if (matcher.exe !== undefined && !matcher.exe.some((wanted) => wanted === (wanted.includes('/') ? exe : basename(exe)))) return undefined
  for (const key of ['user', 'unit', 'container'] as const) if (!isOneOf(subject[key], matcher[key])) return undefined
  let captures: Readonly<Record<string, string>> = {}
  if (matcher.cmdline !== undefined) {
    const match = matcher.cmdline.exec(subject.cmdline.join(' ').slice(0, JOINED_CMDLINE_LENGTH_MAX))
    if (match === null) return undefined
    captures = match.groups ?? {}
  }
  const values = new Map([
    ['user', subject.user ?? ''],
    ['unit', subject.unit ?? ''],
    ['container', subject.container ?? ''],
    ...Object.entries(captures),
    ['comm', subject.comm],
    ['exe', basename(exe) || subject.comm],
  ])
  return matcher.name.replaceAll(/\{\{\s*(\w+)\s*\}\}/g, (_whole, key: string) => values.get(key) ?? '')
}

/** No condition is met by all; an absent value meets none. */
function isOneOf(value: string | undefined, wanted: readonly string[] | undefined): boolean {
  if (wanted === undefined) return true
  return value !== undefined && value !== '' && wanted.some((pattern) => fitsGlob(value, pattern))
}

/** Without backtracking: each part between the stars is looked for after the one before. */
function fitsGlob(value: string, pattern: string): boolean {
  const parts = pattern.split('*')
  const first = parts.shift() ?? ''
  const last = parts.pop()
  if (last === undefined) return value === first
  if (!value.startsWith(first) || !value.endsWith(last) || value.length < first.length + last.length) return false
  let at = first.length
  for (const part of parts) {
    const found = value.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return at <= value.length - last.length
}

function programName(subject: GroupSubject): string {
  const program = executableName(subject)
  if (!MULTI_CALL.test(program)) return interpretedName(program, subject.cmdline) ?? titleOf(program, subject.cmdline) ?? program
  const cmdline = basename(subject.cmdline[0] ?? '') === program ? subject.cmdline.slice(1) : subject.cmdline
  const applet = bareProgram(cmdline[0] ?? '') || program
  return interpretedName(applet, cmdline) ?? applet
}

/** The executable's base name; where it may not be read, argv[0] as far as it can be believed, else the kernel's 15 bytes. */
function executableName(subject: GroupSubject): string {
  const claimed = bareProgram(subject.cmdline[0] ?? '')
  // An executable in memory (memfd_create(2)) often bears a random name: what it calls itself is steadier.
  if (subject.exe?.startsWith('/memfd:') === true) return /^\S+$/.test(claimed) ? claimed : 'memfd'
  if (subject.exe !== undefined && subject.exe !== '') return basename(subject.exe)
  return isInterpreter(claimed) || (claimed.startsWith(subject.comm) && !/\s/.test(claimed)) ? claimed : subject.comm
}

/**
 * An interpreted program may write a title over its whole command line, as npm (`npm install`), gunicorn (`gunicorn: master [app]`)
 * and sidekiq do: its first word is the program. pm2 writes what would have been the command line (`node /srv/api/server.js`).
 */
function titleOf(program: string, [title = '', ...others]: readonly string[]): string | undefined {
  if (!isInterpreter(program) || others.some((argument) => argument !== '')) return undefined
  const [, word = ''] = /^([\w.@+-]+):?(?:\s|$)/.exec(title) ?? []
  if (isInterpreter(bareProgram(word))) return interpretedName(program, title.split(/\s+/))
  return word === '' ? undefined : word
}

/** A login shell's argv[0] starts with a dash. */
function bareProgram(argument: string): string {
  return basename(argument).replace(/^-/, '')
}

/** `kworker/0:1-events` and `ksoftirqd/3` are one program on many CPUs: the part that counts them goes. */
function kernelThreadName(comm: string): string {
  const stem = comm.replace(/[/:].*$|-\d.*$/su, '')
  return (stem === comm ? comm.replace(/[._]?\d+$/, '') : stem) || comm
}

function safeName(name: string): string {
  // \p{C}: control and format characters (terminal escapes, bidirectional overrides), unassigned ones and lone surrogates.
  const printable = name.replaceAll(/\p{C}/gu, '_').trim()
  return Array.from(printable).slice(0, GROUP_NAME_LENGTH_MAX).join('') || 'unnamed'
}
