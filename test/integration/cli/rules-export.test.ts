/** Tests `procwarden rules export`: what comes out is what went in, and the tools of those who take it accept it. */
import { spawnSync } from 'node:child_process'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { z } from 'zod'
import { procwarden } from '../../support/loop.ts'
import { temporaryDirectory } from '../../support/temporary.ts'
import { ROOT, RULES_DIR, requireTool } from '../../unit/rules/shipped-rules.ts'

const PrometheusRule = z.strictObject({
  apiVersion: z.literal('monitoring.coreos.com/v1'),
  kind: z.literal('PrometheusRule'),
  metadata: z.strictObject({ name: z.string(), namespace: z.string().optional(), labels: z.record(z.string(), z.string()) }),
  spec: z.strictObject({ groups: z.array(z.unknown()) }),
})
const Groups = z.strictObject({ groups: z.array(z.unknown()) })

const shipped = readdirSync(RULES_DIR)
  .toSorted()
  .map((name) => ({ name, groups: Groups.parse(parse(readFileSync(path.join(RULES_DIR, name), 'utf8'))).groups }))

describe('as PrometheusRule', () => {
  test('one object for each file, with the very groups, which promtool accepts', () => {
    const objects = exported([])
    expect(objects.map(({ metadata }) => metadata.name)).toEqual(shipped.map(({ name }) => `procwarden-${path.basename(name, '.yml')}`))
    expect(objects.map(({ spec }) => spec.groups)).toEqual(shipped.map(({ groups }) => groups))
    const folder = temporaryDirectory()
    const files = objects.map(({ metadata, spec }) => {
      const file = path.join(folder, `${metadata.name}.yml`)
      writeFileSync(file, JSON.stringify(spec))
      return file
    })
    const { status, stdout, stderr } = spawnSync(requireTool('promtool'), ['check', 'rules', ...files], { encoding: 'utf8' })
    expect(stderr).toBe('')
    expect(status).toBe(0)
    expect(stdout.match(/SUCCESS: \d+ rules found/g)).toHaveLength(shipped.length)
  })

  test('one object with all groups and the bridge to node_exporter; namespace, name and labels', () => {
    const bridge = Groups.parse(parse(readFileSync(path.join(ROOT, 'prometheus/extra/node-exporter.yml'), 'utf8')))
    const flags = [
      '--one',
      '--node-exporter',
      '--namespace',
      'monitoring',
      '--name',
      'watch',
      '--label',
      'release=kube-prometheus',
      '--label',
      'a.b/c=',
    ]
    const [object, ...others] = exported(flags)
    expect(others).toEqual([])
    expect(object?.metadata).toEqual({
      name: 'watch',
      namespace: 'monitoring',
      labels: { 'app.kubernetes.io/name': 'procwarden', release: 'kube-prometheus', 'a.b/c': '' },
    })
    expect(object?.spec.groups).toEqual([...shipped.flatMap(({ groups }) => groups), ...bridge.groups])
  })

  test('a faulty rule file is told with its line, and nothing is written', () => {
    const folder = temporaryDirectory()
    writeFileSync(path.join(folder, 'faulty.yml'), 'groups:\n  - name: g\n    rules:\n      - record: a\n')
    const out = path.join(folder, 'out')
    const { code, stderr } = procwarden(['rules', 'export', '--rules.dir', folder, '--out', out])
    expect(code).toBe(1)
    expect(stderr).toContain('faulty.yml:4')
    expect(() => readdirSync(out)).toThrow('ENOENT')
  })

  function exported(flags: readonly string[]) {
    const { code, stdout, stderr } = procwarden(['rules', 'export', ...flags])
    expect(stderr).toBe('')
    expect(code).toBe(0)
    return parseAllDocuments(stdout, { version: '1.1' }).map((document) => PrometheusRule.parse(document.toJS()))
  }
})

describe('as files', () => {
  test('each as it is', () => {
    const folder = path.join(temporaryDirectory(), 'new/folder')
    const { code } = procwarden(['rules', 'export', '--format', 'files', '--out', folder, '--node-exporter'])
    expect(code).toBe(0)
    expect(readdirSync(folder).toSorted()).toEqual([...shipped.map(({ name }) => name), 'node-exporter.yml'].toSorted())
    for (const { name } of shipped) expect(readFileSync(path.join(folder, name))).toEqual(readFileSync(path.join(RULES_DIR, name)))
  })

  test('into standard output they do not fit', () => {
    const { code, stderr } = procwarden(['rules', 'export', '--format', 'files'])
    expect(code).toBe(1)
    expect(stderr).toContain('--out DIR')
  })
})
