/** Tests the JSON Schemas of the configuration files as an editor uses them: never stricter than the parts, and not blind. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { Ajv } from 'ajv'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { exporterConfigSchema } from '../../../src/exporter/config.ts'
import { parseConfig } from '../../../src/lib/config-file.ts'
import { RemediatorConfig } from '../../../src/remediator/config.ts'
import { ROOT } from '../rules/shipped-rules.ts'

const PARTS = {
  exporter: { zod: exporterConfigSchema, ...compiled('exporter') },
  remediator: { zod: RemediatorConfig, ...compiled('remediator') },
}
type Part = keyof typeof PARTS

describe.each(['exporter', 'remediator'] as const)('%s', (part) => {
  test('the shipped file names its schema, and fits it', () => {
    const text = read(`config/${part}.yml`)
    const named = /^# yaml-language-server: \$schema=(\S+)$/m.exec(text)?.[1] ?? ''
    expect(path.join('config', named)).toBe(`config/${part}.schema.json`)
    expect(faultsOf(part, text)).toEqual([])
  })

  test('every key has the words of the shipped file that stand above it', () => {
    const { properties } = PARTS[part].schema as { properties: Record<string, { description?: string }> }
    const described = Object.values(properties).filter(({ description }) => description !== undefined)
    expect(described.length).toBeGreaterThan(4)
  })
})

const GOOD: ReadonlyArray<readonly [Part, string]> = [
  ['exporter', ''],
  ['exporter', 'files:\n'],
  ['exporter', 'files: {watch: [{path: /srv, depth: 3}], ignore: []}'],
  ['exporter', 'groups: [{name: "java-{{service}}", match: {exe: java, cmdline: "-Dservice=(?<service>\\\\w+)"}}]'],
  ['exporter', 'groups: [{name: pg, match: {comm: [postgres, postmaster], user: postgres}}]'],
  ['exporter', 'services: [{name: billing, match: {cmdline: x}, limits: {cpu_ratio: 0.8, memory_bytes: 500000000}}]'],
  ['exporter', 'probes: [{name: web, url: "http://127.0.0.1:8080/", expect: {status: [200, 204], body: ok}}]'],
  ['exporter', 'probes: [{name: web, url: "http://127.0.0.1:8080/", expect: {status: 200}, timeout_seconds:}]'],
  ['remediator', ''],
  ['remediator', 'mode: auto\nmail:\n  to: [you@example.org]\n'],
  ['remediator', 'mail:\nprometheus:\n'],
  ['remediator', `policies: [{name: a, match: ['x="y"'], action: kill}]`],
  ['remediator', `policies: [{name: a, match: ['x="y"'], ladder: [freeze, {action: kill, tree: true, from_attempt: 2}], verify: [gone]}]`],
  [
    'remediator',
    `policies: [{name: a, match: ['x="y"'], ladder: [{action: command, argv: [/bin/true]}], verify: [{kind: check, command: [/bin/true]}]}]`,
  ],
  [
    'remediator',
    `policies: [{name: a, match: ['x="y"'], ladder: [kill], verify: [{kind: probe, url: 'http://a/'}, alert-inactive], target: {query: up}}]`,
  ],
  ['remediator', `policies: [{name: a, match: ['x="y"'], ladder: [notify], maintenance: [{from: '22:00', to: '06:00', time_zone: UTC}]}]`],
  [
    'remediator',
    `policies: [{name: a, match: ['x="y"'], ladder: [restart], verify: [service-up], caps: {target: {max: 1, window_seconds: 60}}}]`,
  ],
]

describe('what a part takes, its schema takes', () => {
  test.each(GOOD)('%s: %s', (part, text) => {
    expect(() => parseConfig(PARTS[part].zod, text, 'test')).not.toThrow()
    expect(faultsOf(part, text)).toEqual([])
  })
})

const BAD: ReadonlyArray<readonly [Part, string, string]> = [
  ['exporter', 'no_such_key: 1', ''],
  ['exporter', 'files: {watch: [{path: relative}]}', '/files/watch/0/path'],
  ['exporter', 'files: {watch: [{depth: 1}]}', '/files/watch/0'],
  ['exporter', 'processes: {backend: magic}', '/processes/backend'],
  ['exporter', 'processes: {per_process_max: -1}', '/processes/per_process_max'],
  ['exporter', 'groups: {a: b}', '/groups'],
  ['exporter', 'probes: [{name: web}]', '/probes/0'],
  ['remediator', 'mode: sometimes', '/mode'],
  ['remediator', 'policies: all', '/policies'],
  ['remediator', `policies: [{name: A B, match: ['x="y"'], action: kill}]`, '/policies/0/name'],
  ['remediator', 'policies: [{name: a, action: kill}]', '/policies/0'],
  ['remediator', `policies: [{name: a, match: ['x="y"'], action: destroy}]`, '/policies/0/action'],
  ['remediator', `policies: [{name: a, match: ['x="y"'], ladder: [destroy]}]`, '/policies/0/ladder/0'],
  // A command without a program is nothing.
  ['remediator', `policies: [{name: a, match: ['x="y"'], ladder: [command]}]`, '/policies/0/ladder/0'],
  ['remediator', `policies: [{name: a, match: ['x="y"'], ladder: [{action: kill, tree: 3}]}]`, '/policies/0/ladder/0/tree'],
  ['remediator', `policies: [{name: a, match: ['x="y"'], ladder: [kill], verify: [promql]}]`, '/policies/0/verify/0'],
  ['remediator', `policies: [{name: a, match: ['x="y"'], ladder: [kill], cooldwon: {max: 1}}]`, '/policies/0'],
]

describe('what a schema faults, its part refuses', () => {
  test.each(BAD)('%s: %s', (part, text, place) => {
    expect(() => parseConfig(PARTS[part].zod, text, 'test')).toThrow('test:')
    expect(faultsOf(part, text)).toContain(place)
  })
})

/** JSON pointers of what an editor would underline. */
function faultsOf(part: Part, text: string): string[] {
  const { validate } = PARTS[part]
  validate(parse(text) ?? {})
  return (validate.errors ?? []).map(({ instancePath }) => instancePath)
}

function compiled(part: string) {
  const schema: unknown = JSON.parse(read(`config/${part}.schema.json`))
  // Formats (uri) are for people; editors treat them as hints.
  const validate = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true, validateFormats: false }).compile(schema as object)
  return { schema, validate }
}

function read(file: string): string {
  return readFileSync(path.join(ROOT, file), 'utf8')
}
