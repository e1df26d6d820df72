/** Tests the dashboards' PromQL without Grafana: each query is found, parses, and names metrics and labels that exist. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { z } from 'zod'
import { MAY_BE_EMPTY } from '../../support/may-be-empty.ts'
import { listQueries, substituteVariables } from '../../../grafana/queries.ts'
import { committedDashboards, shownPanels } from '../../support/dashboards.ts'
import { shippedMetrics } from '../../support/metric-labels.ts'
import { analyse } from '../../support/promql.ts'
import { temporaryDirectory } from '../../support/temporary.ts'
import { requireTool } from '../rules/shipped-rules.ts'

const dashboards = committedDashboards()
const queries = dashboards.flatMap((dashboard) => listQueries(dashboard.json))
const known = shippedMetrics()

describe('the queries of the dashboards', () => {
  test('are all found, each at a place of its own', () => {
    const written = dashboards.flatMap(({ text }) => text.match(/"expr":/g) ?? []).length
    // An annotation has its query twice: for the old reader and for the new one. Two variables of each ask label_values().
    expect(queries).toHaveLength(written - 2 * dashboards.length + 2 * dashboards.length)
    expect(new Set(queries.map((query) => query.place)).size).toBe(queries.length)
    expect(queries).toContainEqual({
      uid: 'procwarden-host',
      place: 'procwarden-host: variable "group"',
      expr: 'group by (group) (procwarden_group_cpu_seconds_total{instance=~"$instance"})',
      instant: true,
    })
  })

  test('parse in Prometheus', () => {
    const file = path.join(temporaryDirectory(), 'queries.yml')
    const rules = queries.map((query, index) => ({ record: `query_${index}`, expr: substituteVariables(query.expr) }))
    writeFileSync(file, stringify({ groups: [{ name: 'queries', rules }] }))
    const { status, stdout, stderr } = spawnSync(requireTool('promtool'), ['check', 'rules', file], { encoding: 'utf8' })
    expect(`${stdout}${stderr}`).toContain(`SUCCESS: ${queries.length} rules found`)
    expect(status).toBe(0)
  })

  test.each(queries)('$place names metrics and labels that exist, and its legend too', ({ expr, legend = '' }) => {
    const { faults, labels, metrics } = analyse(substituteVariables(expr), known)
    expect(faults).toEqual([])
    expect(metrics.size).toBeGreaterThan(0)
    expect([...legend.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1] ?? '').filter((label) => !labels.has(label))).toEqual([])
  })

  test('tables and links show labels that their queries return', () => {
    const Options = z.object({ include: z.object({ names: z.array(z.string()) }) })
    const tables = dashboards.flatMap((dashboard) => shownPanels(dashboard).filter(({ type }) => type === 'table'))
    expect(tables.length).toBeGreaterThan(4)
    for (const { title, targets, transformations } of tables) {
      const shown = Options.parse(transformations.findLast(({ id }) => id === 'filterFieldsByName')?.options).include.names
      const labels = targets.flatMap(({ expr }) => [...analyse(substituteVariables(expr), known).labels])
      const values = targets.length === 1 ? ['Value'] : targets.map(({ refId }) => `Value #${refId}`)
      expect(shown.filter((name) => !labels.includes(name) && !values.includes(name)).map((name) => `${title}: ${name}`)).toEqual([])
    }
    const lines = dashboards.flatMap((dashboard) =>
      shownPanels(dashboard).filter(({ fieldConfig }) => JSON.stringify(fieldConfig).includes('__field.labels')),
    )
    expect(lines.length).toBeGreaterThan(3)
    for (const { title, targets, fieldConfig } of lines) {
      const linked = [...JSON.stringify(fieldConfig).matchAll(/__field\.labels\.(\w+)/g)].map((match) => match[1] ?? '')
      const { labels } = analyse(substituteVariables(targets[0]?.expr ?? ''), known)
      expect(linked.filter((label) => !labels.has(label)).map((label) => `${title}: ${label}`)).toEqual([])
    }
  })

  test('only existing ones are excused from returning series, with a reason', () => {
    const places = new Set(queries.map((query) => query.place))
    expect(Object.keys(MAY_BE_EMPTY).filter((place) => !places.has(place))).toEqual([])
    expect(Object.values(MAY_BE_EMPTY).filter((reason) => reason.length < 10)).toEqual([])
  })
})

describe('the analysis of a query', () => {
  test.each([
    ['rate(procwarden_group_cpu_seconds_total[5m', 'does not parse'],
    ['rate(procwarden_gruop_cpu_seconds_total[5m])', 'nobody publishes or records procwarden_gruop_cpu_seconds_total'],
    ['procwarden_group_cpu_seconds_total{pid="1"}', 'procwarden_group_cpu_seconds_total never has the label pid'],
    ['sum by (pid) (procwarden_group_open_fds)', 'sum groups by pid, which is never there'],
    ['procwarden_group_open_fds * on (pid) procwarden_process_open_fds', 'the left side is matched on pid, which is never there'],
    ['procwarden_group_open_fds * on (group) group_left (pid) procwarden_group_threads', 'group_left takes pid, which is never there'],
    ['histogram_quantile(0.5, sum by (le) (procwarden_group_threads))', 'sum groups by le, which is never there'],
    ['label_replace(procwarden_group_threads, "a", "$1", "pid", "(.*)")', 'label_replace reads pid, which is never there'],
  ])('%s: %s', (query, fault) => {
    expect(analyse(query, known).faults.join('\n')).toContain(fault)
  })

  test('follows labels through rules, joins and functions', () => {
    const labels = (query: string): string[] => [...analyse(query, known).labels].toSorted()
    expect(labels('procwarden:signal:excess')).toEqual(['device', 'group', 'instance', 'job', 'probe', 'signal'])
    expect(labels('procwarden_process_threads * on (group) group_left (category) procwarden_group_info')).toContain('category')
    expect(labels('sum by (group) (procwarden_process_threads)')).toEqual(['group'])
    expect(labels('label_join(vector(1), "x", "")')).toEqual(['x'])
    expect(labels('procwarden_process_threads unless on (pid) procwarden_process_info')).toEqual(['group', 'instance', 'job', 'pid'])
    expect([...(known.get('ALERTS') ?? [])]).toEqual(expect.arrayContaining(['alertname', 'severity', 'directory', 'pid', 'direction']))
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

  test('refuses a variable it does not know, and leaves a regex and its groups alone', () => {
    expect(() => substituteVariables('x{a="$unknown"}')).toThrow('the variable $unknown has no value')
    expect(substituteVariables('label_replace(x{a=~"^b$"}, "c", "$1", "a", "(.*)")')).toBe(
      'label_replace(x{a=~"^b$"}, "c", "$1", "a", "(.*)")',
    )
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
