/**
 * Owns config/*.schema.json, which are committed: `node scripts/config-schemas.ts` writes the JSON Schemas of both configuration files
 * from what the parts read them with, with `--check` it only exits 1 when a committed one is not what the code says.
 *
 * An editor sees what is written, so each schema is that of the input: never stricter than the part itself. What only code can
 * tell (overlaps of policies, regular expressions) stays with `procwarden check`.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { isMap, isScalar, isSeq, parseDocument, type YAMLMap } from 'yaml'
import { z } from 'zod'
import { exporterConfigSchema } from '../src/exporter/config.ts'
import { RemediatorConfig } from '../src/remediator/config.ts'
import { PolicyFields, PolicyList } from '../src/remediator/policies/policy.ts'
import { Step, WrittenStep } from '../src/remediator/policies/steps.ts'
import { Verification, WrittenVerification } from '../src/remediator/policies/verification.ts'

const ROOT = path.dirname(import.meta.dirname)

interface JsonObject {
  [key: string]: unknown
}

const FILES = [
  { config: 'config/exporter.yml', schema: 'config/exporter.schema.json', title: 'The exporter of procwarden', zod: exporterConfigSchema },
  {
    config: 'config/remediator.yml',
    schema: 'config/remediator.schema.json',
    title: 'The remediator of procwarden',
    zod: RemediatorConfig,
  },
]

/** What is made of their input no schema can tell; this is what the input may be. */
const WRITTEN = new Map<z.core.$ZodType, () => z.ZodType>([
  [PolicyList, () => z.array(PolicyFields)],
  [Step, () => WrittenStep],
  [Verification, () => WrittenVerification],
])

/** The schema of one configuration file as JSON Schema (draft 7, which editors know best), with the file's comments. */
export function configSchema(file: (typeof FILES)[number]): JsonObject {
  const schema = inputSchema(file.zod)
  withoutDefaults(schema)
  allowEmptyKeys(schema)
  const { contents } = parseDocument(readFileSync(path.join(ROOT, file.config), 'utf8'))
  if (isMap(contents)) describe(schema, contents)
  return { ...schema, title: file.title }
}

function inputSchema(schema: z.ZodType): JsonObject {
  const json: unknown = z.toJSONSchema(schema, {
    io: 'input',
    target: 'draft-7',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      const written = WRITTEN.get(zodSchema)
      if (written === undefined) return
      for (const key of Object.keys(jsonSchema)) Reflect.deleteProperty(jsonSchema, key)
      const { $schema: _, ...inner } = inputSchema(written())
      Object.assign(jsonSchema, inner)
    },
  })
  if (!isObject(json)) throw new Error('a schema is an object')
  return json
}

/** Defaults of whole sections are what their keys say; repeated they hide the rest. */
function withoutDefaults(node: unknown): void {
  if (Array.isArray(node)) return node.forEach(withoutDefaults)
  if (!isObject(node)) return
  if (typeof node['default'] === 'object') delete node['default']
  Object.values(node).forEach(withoutDefaults)
}

/** A key without a value, as where everything below it is commented out, is read as no key (config-file.ts). */
function allowEmptyKeys(node: unknown): void {
  if (Array.isArray(node)) return node.forEach(allowEmptyKeys)
  if (!isObject(node)) return
  Object.values(node).forEach(allowEmptyKeys)
  const { properties } = node
  const required = Array.isArray(node['required']) ? node['required'] : []
  if (!isObject(properties) || node['type'] !== 'object') return
  for (const [name, property] of Object.entries(properties))
    if (!required.includes(name) && isObject(property)) properties[name] = orNull(property)
}

function orNull(schema: JsonObject): JsonObject {
  const { type, enum: values, const: value, anyOf, ...others } = schema
  if (Array.isArray(anyOf)) return { ...others, anyOf: [...anyOf, { type: 'null' }] }
  if (value !== undefined || typeof type !== 'string') return Object.keys(schema).length === 0 ? {} : { anyOf: [schema, { type: 'null' }] }
  return { type: [type, 'null'], ...(Array.isArray(values) ? { enum: [...values, null] } : {}), ...others }
}

/** The comment above a key of the shipped file is what an editor shows for it. */
function describe(schema: unknown, map: YAMLMap): void {
  if (!isObject(schema)) return
  const { properties } = schema
  if (!isObject(properties)) return
  for (const [index, pair] of map.items.entries()) {
    const property = isScalar(pair.key) ? properties[String(pair.key.value)] : undefined
    if (!isScalar(pair.key) || !isObject(property)) continue
    // The first comment of a map hangs on the map.
    const comment = pair.key.commentBefore ?? (index === 0 ? map.commentBefore : undefined)
    if (comment) property['description'] = sentence(comment)
    if (isMap(pair.value)) describe(property, pair.value)
    else if (isSeq(pair.value) && isMap(pair.value.items[0])) describe(itemsOf(property), pair.value.items[0])
  }
}

function itemsOf(schema: JsonObject): unknown {
  return schema['items']
}

/** Commented-out examples stay as they are laid out; the paragraph above them is one. */
function sentence(comment: string): string {
  return comment
    .split('\n')
    .map((line) => line.replace(/^ /, '').trimEnd())
    .join('\n')
    .trim()
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function main(isCheck: boolean): void {
  for (const file of FILES) {
    const text = `${JSON.stringify(configSchema(file), null, 2)}\n`
    const target = path.join(ROOT, file.schema)
    if (!isCheck) {
      writeFileSync(target, text)
      continue
    }
    if (safeRead(target) === text) continue
    process.stderr.write(`${file.schema} is not what the code says; run: node scripts/config-schemas.ts\n`)
    process.exitCode = 1
  }
}

function safeRead(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

if (import.meta.main) main(process.argv.includes('--check'))
