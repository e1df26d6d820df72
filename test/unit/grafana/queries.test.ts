/** Tests the dashboard's PromQL without Grafana: each query is found, parses and names metrics that exist. */
import { spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { MAY_BE_EMPTY, listQueries, substituteVariables } from '../../../grafana/queries.ts'
import { ROOT, readRuleFiles, requireTool } from '../rules/shipped-rules.ts'

const dashboard: unknown = JSON.parse(readFileSync(path.join(ROOT, 'grafana/dashboards/procwarden-overview.json'), 'utf8'))
const queries = listQueries(dashboard)

describe('the queries of the dashboard', () => {
  test('are all found, each at a place of its own', () => {
    const written = JSON.stringify(dashboard).match(/"expr":/g) ?? []
    // The annotation has its query twice: for the old reader and for the new one. Two variables ask label_values().
    expect(queries).toHaveLength(written.length - 1 + 2)
    expect(new Set(queries.map((query) => query.place)).size).toBe(queries.length)
    expect(queries).toContainEqual({
      place: 'variable "group"',
      expr: 'group by (group) (procwarden_group_cpu_seconds_total{instance=~"$instance"})',
      instant: true,
    })
    expect(queries.map((query) => query.place)).toContain('annotation "Alerts"')
  })

  test('parse in Prometheus', () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'procwarden-queries-'))
    try {
      const file = path.join(folder, 'queries.yml')
      const rules = queries.map((query, index) => ({ record: `query_${index}`, expr: substituteVariables(query.expr) }))
      writeFileSync(file, stringify({ groups: [{ name: 'queries', rules }] }))
      const { status, stdout, stderr } = spawnSync(requireTool('promtool'), ['check', 'rules', file], { encoding: 'utf8' })
      expect(`${stdout}${stderr}`).toContain(`SUCCESS: ${queries.length} rules found`)
      expect(status).toBe(0)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  test('name only metrics that a rule records or a part publishes', () => {
    const recorded = new Set(
      [...readRuleFiles().values()].flatMap((file) => file.groups.flatMap((group) => group.rules.flatMap((rule) => rule.record ?? []))),
    )
    // Names stand in the sources whole, or in the golden copies of /metrics where the sources put them together.
    const texts = globSync(['src/{exporter,remediator,lib}/**/*.ts', 'test/golden/*.txt'], { cwd: ROOT }).map((file) =>
      readFileSync(path.join(ROOT, file), 'utf8'),
    )
    const published = new Set(texts.flatMap((source) => source.match(/procwarden_\w+/g) ?? []))
    const named = queries
      .flatMap((query) => query.expr.match(/procwarden[:_][\w:]+/g) ?? [])
      .map((name) => name.replace(/_(?:bucket|sum|count)$/, ''))
    expect(named.length).toBeGreaterThan(20)
    expect([...new Set(named)].filter((name) => !recorded.has(name) && !published.has(name))).toEqual([])
  })

  test('only existing ones are excused from returning series', () => {
    const places = new Set(queries.map((query) => query.place))
    expect(Object.keys(MAY_BE_EMPTY).filter((place) => !places.has(place))).toEqual([])
    expect(Object.values(MAY_BE_EMPTY).filter((reason) => reason.length < 10)).toEqual([])
  })
})

describe('substituteVariables', () => {
  test('replaces every form of a variable', () => {
    expect(substituteVariables('rate(x{instance=~"$instance",group=~"${group:regex}"}[$__rate_interval]) / ${__range}')).toBe(
      'rate(x{instance=~".+",group=~".+"}[1m]) / 15m',
    )
  })

  test('prefers the given values', () => {
    expect(substituteVariables('x{group="$group"}[$__range]', { group: 'node', __range: '2m' })).toBe('x{group="node"}[2m]')
  })

  test('refuses a variable it does not know, and leaves a regex alone', () => {
    expect(() => substituteVariables('x{a="$unknown"}')).toThrow('the variable $unknown has no value')
    expect(substituteVariables('x{a=~"^b$"}')).toBe('x{a=~"^b$"}')
  })
})

describe('listQueries', () => {
  test('refuses what is no dashboard and a variable it cannot turn into a query', () => {
    expect(() => listQueries({})).toThrow(/panels/)
    const other = {
      uid: 'u',
      panels: [],
      annotations: { list: [] },
      templating: { list: [{ name: 'v', type: 'query', query: { query: 'metrics(x)' } }] },
    }
    expect(() => listQueries(other)).toThrow('the variable "v" does not ask label_values(SELECTOR,LABEL): metrics(x)')
  })
})
