/** Owns reading a YAML configuration file against a zod schema: every fault at once, each with its line and a way out. */
import { readFileSync } from 'node:fs'
import { LineCounter, isNode, parseDocument, type Document } from 'yaml'
import type { z } from 'zod'
import { UsageError, errnoOf, messageOf } from './errors.ts'

/** The file's content as the schema's type. An absent `path` gives the schema's defaults. Throws UsageError with all faults. */
export function loadConfigFile<Schema extends z.ZodType>(schema: Schema, path: string | undefined): z.infer<Schema> {
  return parseConfig(schema, path === undefined ? '' : readText(path), path ?? 'defaults')
}

/** As loadConfigFile, from text already read; `name` stands before each fault. */
export function parseConfig<Schema extends z.ZodType>(schema: Schema, text: string, name: string): z.infer<Schema> {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true })
  if (document.errors.length > 0) {
    throw new UsageError(
      document.errors.map((fault) => `${name}:${fault.linePos?.[0].line ?? 1}: ${messageOf(fault).split(':\n')[0]}`).join('\n'),
    )
  }
  const result = schema.safeParse(withoutNulls(document.toJS()) ?? {})
  if (result.success) return result.data
  throw new UsageError(
    result.error.issues
      .flatMap(atEachKey)
      .toSorted((a, b) => lineOf(document, lines, a.path) - lineOf(document, lines, b.path))
      .map(
        (issue) =>
          `${name}:${lineOf(document, lines, issue.path)}: ${issue.path.length > 0 ? `${issue.path.join('.')}: ` : ''}${issue.message}`,
      )
      .join('\n'),
  )
}

/** Keys that there are not are told one by one, each with its own line. */
function atEachKey(issue: z.core.$ZodIssue): Array<{ readonly path: PropertyKey[]; readonly message: string }> {
  if (issue.code !== 'unrecognized_keys') return [issue]
  return issue.keys.map((key) => ({ path: [...issue.path, key], message: 'Unrecognized key: there is no such key here' }))
}

/** A key without a value, as where everything below it is commented out, is the same as no key. */
function withoutNulls(value: unknown): unknown {
  if (value === null) return undefined
  if (Array.isArray(value)) return value.map((item: unknown) => (item === null ? null : withoutNulls(item)))
  if (typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, each]) => each !== null)
      .map(([key, each]) => [key, withoutNulls(each)]),
  )
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const why = errnoOf(error) === 'ENOENT' ? 'there is no such file' : messageOf(error)
    throw new UsageError(`cannot read the configuration file ${path}: ${why}`, error)
  }
}

/** The line of the deepest part of `path` that is in the document. */
function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  for (let depth = path.length; depth >= 0; depth--) {
    const node = depth === 0 ? document.contents : document.getIn(path.slice(0, depth), true)
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
  }
  return 1
}
