/** Tests the overview dashboard as Grafana would read it: the committed JSON, and not the builders behind it. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { dashboardFiles, staleFiles } from '../../../grafana/build.ts'
import { placeRows } from '../../../grafana/layout.ts'
import { DATASOURCE_UID } from '../../../grafana/overview.ts'

const ROOT = path.join(import.meta.dirname, '../../..')
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' }

const GridPos = z.object({ x: z.int().min(0), y: z.int().min(0), w: z.int().min(1), h: z.int().min(1) })
const Target = z.object({ refId: z.string(), expr: z.string(), datasource: z.unknown() })
const Panel = z.object({
  id: z.int().min(1),
  type: z.string(),
  title: z.string().min(1),
  description: z.string().optional(),
  gridPos: GridPos,
  datasource: z.unknown().optional(),
  fieldConfig: z.object({ defaults: z.object({ unit: z.string().optional() }) }).optional(),
  targets: z.array(Target).default([]),
})
const Dashboard = z.object({
  uid: z.string(),
  title: z.string(),
  editable: z.boolean(),
  schemaVersion: z.int(),
  panels: z.array(Panel),
  templating: z.object({
    list: z.array(z.object({ name: z.string(), type: z.string(), query: z.unknown(), current: z.object({ value: z.unknown() }) })),
  }),
})

const text = readFileSync(path.join(ROOT, 'grafana/dashboards/procwarden-overview.json'), 'utf8')
const dashboard = Dashboard.parse(JSON.parse(text))
const panels = dashboard.panels.filter((panel) => panel.type !== 'row')

describe('the committed JSON', () => {
  test('is what the sources say, twice', () => {
    expect(staleFiles()).toEqual([])
    expect([...dashboardFiles().values()]).toEqual([...dashboardFiles().values()])
  })

  test('build.ts --check tells a changed file by its exit code', () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'procwarden-grafana-'))
    try {
      cpSync(path.join(ROOT, 'grafana'), path.join(folder, 'grafana'), { recursive: true })
      symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'))
      writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}')
      const build = (...args: string[]) =>
        spawnSync(process.execPath, [path.join(folder, 'grafana/build.ts'), ...args], { encoding: 'utf8', cwd: folder })
      expect(build('--check').status).toBe(0)
      const file = path.join(folder, 'grafana/dashboards/procwarden-overview.json')
      writeFileSync(file, text.replace('Files created by folder', 'Files'))
      expect(build('--check')).toMatchObject({
        status: 1,
        stderr: 'grafana/dashboards/procwarden-overview.json is not what the sources say; run: node grafana/build.ts\n',
      })
      expect(build().status).toBe(0)
      expect(readFileSync(file, 'utf8')).toBe(text)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

describe('the dashboard', () => {
  test('has a fixed uid, cannot be edited and suits Grafana 11', () => {
    expect(dashboard).toMatchObject({ uid: 'procwarden-overview', editable: false })
    expect(dashboard.schemaVersion).toBeLessThanOrEqual(39)
  })

  test('asks for the datasource first, then host and program', () => {
    expect(dashboard.templating.list.map(({ name, type }) => `${name}: ${type}`)).toEqual([
      'datasource: datasource',
      'instance: query',
      'group: query',
    ])
    expect(dashboard.templating.list[0]).toMatchObject({ query: 'prometheus', current: { value: DATASOURCE_UID } })
  })

  test('shows what it is for', () => {
    expect(panels.map((panel) => panel.title)).toEqual(
      expect.arrayContaining([
        'Files created by folder',
        'Files created by process',
        'CPU of the busiest programs',
        'Actions by outcome',
        'Incidents by status',
        'What is firing',
        'File watch',
        'Collectors',
      ]),
    )
  })

  test.each(panels)('panel "$title" says what it shows, in which unit, from the chosen datasource', (panel) => {
    expect(panel.description).toMatch(/^.{20,}\.$/)
    expect(panel.fieldConfig?.defaults.unit).toMatch(/./)
    expect(panel.datasource).toEqual(DATASOURCE)
    expect(panel.targets.length).toBeGreaterThan(0)
    for (const target of panel.targets) expect(target.datasource).toEqual(DATASOURCE)
    expect(new Set(panel.targets.map((target) => target.refId)).size).toBe(panel.targets.length)
  })

  test('panels have ids of their own, stay within the grid and do not overlap', () => {
    expect(new Set(dashboard.panels.map((panel) => panel.id)).size).toBe(dashboard.panels.length)
    const cells = new Map<string, string>()
    for (const { title, gridPos } of dashboard.panels) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24)
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(cells.get(`${x},${y}`), `${title} at ${x},${y}`).toBeUndefined()
          cells.set(`${x},${y}`, title)
        }
      }
    }
  })

  test('graphs compute rates over $__rate_interval', () => {
    const windows = panels.flatMap((panel) => panel.targets.flatMap((target) => target.expr.match(/\[[^\]]+\]/g) ?? []))
    expect(new Set(windows)).toEqual(new Set(['[$__rate_interval]', '[$__range]']))
  })
})

describe('the layout', () => {
  const panel = { type: 'stat', title: 'a' }

  test('fills lines from left to right and goes down by their height', () => {
    const rows = [
      {
        title: 'first',
        height: 4,
        panels: [
          { width: 10, panel },
          { width: 14, panel },
        ],
      },
      { title: 'second', height: 6, panels: [{ width: 24, panel }] },
    ]
    expect(placeRows(rows).map(({ id, type, gridPos }) => [id, type, gridPos])).toEqual([
      [1, 'row', { x: 0, y: 0, w: 24, h: 1 }],
      [2, 'stat', { x: 0, y: 1, w: 10, h: 4 }],
      [3, 'stat', { x: 10, y: 1, w: 14, h: 4 }],
      [4, 'row', { x: 0, y: 5, w: 24, h: 1 }],
      [5, 'stat', { x: 0, y: 6, w: 24, h: 6 }],
    ])
  })

  test('refuses a line that does not fit', () => {
    expect(() => placeRows([{ title: 'wide', height: 4, panels: [{ width: 25, panel }] }])).toThrow(
      'the row "wide" is 25 columns wide, the grid has 24',
    )
  })
})
