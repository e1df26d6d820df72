/** Owns reading Prometheus rule files: every rule with its place and the words above it. Never evaluates anything. */
import { readFileSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { LineCounter, isMap, isPair, isScalar, isSeq, parseDocument, type YAMLMap } from 'yaml'
import { UsageError, errnoOf, messageOf } from '../lib/errors.ts'

/** The rules that come with procwarden. */
export const SHIPPED_RULES_DIR = fileURLToPath(new URL('../../prometheus/rules', import.meta.url))
/** More of them, each for a reason of its own. */
export const SHIPPED_EXTRA_RULES_DIR = fileURLToPath(new URL('../../prometheus/extra', import.meta.url))

export interface Place {
  readonly file: string
  readonly line: number
}

export interface Rule extends Place {
  readonly kind: 'record' | 'alert'
  /** The recorded metric, or the alert's name. */
  readonly name: string
  readonly expr: string
  /** A Prometheus duration, as written; undefined where there is none. */
  readonly for: string | undefined
  readonly keepFiringFor: string | undefined
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly group: string
  /** A Prometheus duration, as written; undefined means the global evaluation interval. */
  readonly interval: string | undefined
  /** The comment lines right above the rule, as one text; empty without any. */
  readonly comment: string
  /** The comment behind the rule's labels: for a threshold, its unit. Empty without any. */
  readonly remark: string
}

const FILES_MAX = 1_000
const FILE_BYTES_MAX = 16 * 1024 * 1024

/** The *.yml and *.yaml files of folders, and files as they are. Throws UsageError when there is none. */
export function findRuleFiles(places: readonly string[]): string[] {
  const files = places.flatMap((place) => {
    const resolved = path.resolve(place)
    if (!isFolder(resolved, place)) return [resolved]
    return readdirSync(resolved)
      .filter((name) => /[.]ya?ml$/.test(name))
      .toSorted()
      .map((name) => path.join(resolved, name))
  })
  if (files.length === 0) throw new UsageError(`${places.join(', ')}: no rule file (*.yml) is there`)
  if (files.length > FILES_MAX) throw new UsageError(`${places.join(', ')}: more than ${FILES_MAX} rule files`)
  return [...new Set(files)]
}

/** All rules of the files. Throws UsageError with every fault of every file, each with its line. */
export function readRules(files: readonly string[]): Rule[] {
  const { rules, faults } = parseRuleFiles(files)
  if (faults.length > 0) throw new UsageError(faults.join('\n'))
  return rules
}

/** As readRules, with the faults beside what could be read. */
export function parseRuleFiles(files: readonly string[]): { readonly rules: Rule[]; readonly faults: string[] } {
  const parsed = files.map((file) => parseRules(readText(file), file))
  return { rules: parsed.flatMap(({ rules }) => rules), faults: parsed.flatMap(({ faults }) => faults) }
}

/** As readRules, from the text of one file. What is no rule at all is a fault; what promtool would say of an expression is not. */
export function parseRules(text: string, file: string): { readonly rules: Rule[]; readonly faults: string[] } {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true })
  const lineOf = (offset: number | undefined): number => lines.linePos(offset ?? 0).line
  const faults = document.errors.map((fault) => `${file}:${fault.linePos?.[0].line ?? 1}: ${messageOf(fault).split(/ at line |:\n/)[0]}`)
  if (faults.length > 0) return { rules: [], faults }
  const groups = isMap(document.contents) ? document.contents.get('groups', true) : undefined
  if (!isSeq(groups)) return { rules: [], faults: [`${file}:1: no list "groups": this is no Prometheus rule file`] }
  const source = text.split('\n')
  const rules: Rule[] = []
  for (const group of groups.items) {
    const members = isMap(group) ? group.get('rules', true) : undefined
    if (!isMap(group) || !isSeq(members)) {
      faults.push(`${file}:${lineOf(rangeStart(group))}: a rule group needs a name and a list "rules"`)
      continue
    }
    for (const member of members.items) {
      const line = lineOf(rangeStart(member))
      const rule = isMap(member) ? ruleOf(member, group, { file, line }, source) : undefined
      if (rule === undefined) faults.push(`${file}:${line}: a rule needs "expr" and either "record" or "alert"`)
      else rules.push(rule)
    }
  }
  return { rules, faults }
}

function ruleOf(node: YAMLMap, group: YAMLMap, place: Place, source: readonly string[]): Rule | undefined {
  const record = textOf(node, 'record')
  const alert = textOf(node, 'alert')
  const expr = textOf(node, 'expr')
  const name = record ?? alert
  if (name === undefined || expr === undefined || (record !== undefined && alert !== undefined)) return undefined
  return {
    ...place,
    kind: record === undefined ? 'alert' : 'record',
    name,
    expr,
    for: textOf(node, 'for'),
    keepFiringFor: textOf(node, 'keep_firing_for'),
    labels: textsOf(node, 'labels'),
    annotations: textsOf(node, 'annotations'),
    group: textOf(group, 'name') ?? '',
    interval: textOf(group, 'interval'),
    comment: commentAbove(source, place.line),
    remark: remarkOf(node),
  }
}

/** Taken from the text: the YAML library hangs the first comment of a list on the list. */
function commentAbove(source: readonly string[], line: number): string {
  const words: string[] = []
  for (let index = line - 2; index >= 0; index--) {
    const comment = /^\s*#\s?(.*)$/.exec(source[index] ?? '')
    if (comment === null) break
    words.unshift(comment[1]?.trim() ?? '')
  }
  return words.join(' ').trim()
}

/** Behind `labels: {...}` or, where there are none, behind `expr:`. */
function remarkOf(node: YAMLMap): string {
  for (const key of ['labels', 'expr']) {
    const value: unknown = node.get(key, true)
    const comment = isMap(value) || isScalar(value) ? value.comment?.trim() : undefined
    if (comment !== undefined && comment !== '') return comment
  }
  return ''
}

function textOf(node: YAMLMap, key: string): string | undefined {
  const value: unknown = node.get(key)
  return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : undefined
}

function textsOf(node: YAMLMap, key: string): Record<string, string> {
  const map: unknown = node.get(key, true)
  if (!isMap(map)) return {}
  const pairs = map.items.flatMap((pair): Array<[string, string]> => {
    if (!isPair(pair) || !isScalar(pair.key) || !isScalar(pair.value)) return []
    return [[String(pair.key.value), String(pair.value.value)]]
  })
  return Object.fromEntries(pairs)
}

function rangeStart(node: unknown): number | undefined {
  return isMap(node) || isSeq(node) || isScalar(node) ? node.range?.[0] : undefined
}

function isFolder(resolved: string, given: string): boolean {
  try {
    return statSync(resolved).isDirectory()
  } catch (error) {
    const why = errnoOf(error) === 'ENOENT' ? 'there is no such file or folder' : messageOf(error)
    throw new UsageError(`cannot read rules from ${given}: ${why}`, error)
  }
}

function readText(file: string): string {
  try {
    const text = readFileSync(file, 'utf8')
    if (text.length <= FILE_BYTES_MAX) return text
  } catch (error) {
    throw new UsageError(`cannot read ${file}: ${messageOf(error)}`, error)
  }
  throw new UsageError(`cannot read ${file}: it is larger than ${FILE_BYTES_MAX} bytes`)
}
