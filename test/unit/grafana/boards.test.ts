/** Tests the dashboards as Grafana would read them: the committed JSON, and not the builders behind it. */
import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { dashboardFiles, staleFiles } from '../../../grafana/build.ts'
import { BOARDS, DATASOURCE_UID } from '../../../grafana/uids.ts'
import { committedDashboards, shownPanels } from '../../support/dashboards.ts'
import { grafanaUnits } from '../../support/grafana-data.ts'
import { temporaryDirectory } from '../../support/temporary.ts'
import { ROOT } from '../rules/shipped-rules.ts'

const DATASOURCE = { type: 'prometheus', uid: '${datasource}' }
const dashboards = committedDashboards()
const panels = dashboards.flatMap((dashboard) =>
  shownPanels(dashboard).map((panel) => ({ name: `${dashboard.uid}: ${panel.title}`, panel })),
)
/** Grafana's own; the rest has to be declared. */
const BUILT_IN = new Set(['__rate_interval', '__interval', '__range', '__url_time_range', '__value', '__data', '__field', '__all'])

describe('the committed JSON', () => {
  test('is what the sources say, twice', () => {
    expect(staleFiles()).toEqual([])
    expect([...dashboardFiles().values()]).toEqual([...dashboardFiles().values()])
  })

  test('build.ts --check tells changed and left over files by its exit code, and building mends them', () => {
    const folder = temporaryDirectory()
    cpSync(path.join(ROOT, 'grafana'), path.join(folder, 'grafana'), { recursive: true })
    for (const name of ['node_modules', 'src']) symlinkSync(path.join(ROOT, name), path.join(folder, name))
    writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}')
    const build = (...args: string[]) =>
      spawnSync(process.execPath, [path.join(folder, 'grafana/build.ts'), ...args], { encoding: 'utf8', cwd: folder })
    const file = path.join(folder, 'grafana/dashboards/procwarden-files.json')
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replace('By folder', 'Folders'))
    writeFileSync(path.join(folder, 'grafana/dashboards/old.json'), '{}')
    rmSync(path.join(folder, 'grafana/import/procwarden-host.json'))
    const { status, stderr } = build('--check')
    expect(status).toBe(1)
    expect(
      stderr
        .split('\n')
        .map((line) => line.split(' ')[0] ?? '')
        .toSorted((a, b) => (a < b ? -1 : 1)),
    ).toEqual(['', 'grafana/dashboards/old.json', 'grafana/dashboards/procwarden-files.json', 'grafana/import/procwarden-host.json'])
    expect(build().status).toBe(0)
    expect(build('--check')).toMatchObject({ status: 0, stderr: '' })
    expect(readFileSync(file, 'utf8')).toBe(text)
  }, 180_000)
})

describe('the dashboards', () => {
  test('are the seven, each with an uid of its own that its file is named after', () => {
    expect(dashboards.map(({ uid }) => uid)).toEqual(
      Object.values(BOARDS)
        .map(({ uid }) => uid)
        .toSorted(),
    )
    expect(new Set(dashboards.map(({ title }) => title)).size).toBe(dashboards.length)
  })

  test.each(dashboards)('$uid cannot be edited, suits Grafana 11 and marks alerts and remediations', (dashboard) => {
    expect(dashboard.editable).toBe(false)
    expect(dashboard.schemaVersion).toBeLessThanOrEqual(39)
    expect(dashboard.annotations.list.filter(({ expr }) => expr !== undefined).map(({ name }) => name)).toEqual(['Alerts', 'Remediations'])
    for (const annotation of dashboard.annotations.list.filter(({ expr }) => expr !== undefined))
      expect(annotation.datasource).toEqual(DATASOURCE)
  })

  test.each(dashboards)('$uid asks for the datasource first, then host and program', ({ templating: { list } }) => {
    expect(list.slice(0, 3).map(({ name, type }) => `${name}: ${type}`)).toEqual([
      'datasource: datasource',
      'instance: query',
      'group: query',
    ])
    expect(list[0]).toMatchObject({ query: 'prometheus', current: { value: DATASOURCE_UID } })
    expect(new Set(list.map(({ name }) => name)).size).toBe(list.length)
  })

  test.each(dashboards)(
    '$uid declares every variable that it uses, and uses every one that it declares',
    ({ text, templating: { list } }) => {
      const declared = list.map(({ name }) => name)
      const used = [...text.matchAll(/\$(?:\{([a-z_]\w*)[^}]*\}|([a-z_]\w*))/gi)].map(([, braced, plain]) => braced ?? plain ?? '')
      expect([...new Set(used)].filter((name) => !declared.includes(name) && !BUILT_IN.has(name))).toEqual([])
      expect(declared.filter((name) => !used.includes(name))).toEqual([])
    },
  )

  test.each(dashboards)('$uid links to all others and keeps the time and what was chosen', ({ uid, links }) => {
    expect(links.map(({ url }) => url)).toEqual(
      Object.values(BOARDS)
        .filter((board) => board.uid !== uid)
        .map((board) => `/d/${board.uid}`),
    )
    for (const link of links) expect(link).toMatchObject({ keepTime: true, includeVars: true })
  })

  test.each(dashboards)('links behind values of $uid lead to shipped dashboards, or to the console', ({ text }) => {
    const uids = new Set<string>(Object.values(BOARDS).map(({ uid }) => uid))
    const urls = [...text.matchAll(/"url": ("(?:[^"\\]|\\.)*")/g)].map((match) => String(JSON.parse(match[1] ?? '""')))
    expect(urls.filter((url) => !url.startsWith('${console:raw}/incidents/') && !uids.has(/^\/d\/([\w-]+)/.exec(url)?.[1] ?? ''))).toEqual(
      [],
    )
    const behindValues = urls.filter((url) => url.includes('?'))
    expect(behindValues.filter((url) => !url.includes('${datasource:queryparam}') || !url.includes('${__url_time_range}'))).toEqual([])
  })

  test.each(dashboards)('panels of $uid have ids and titles of their own, stay within the grid and do not overlap', (dashboard) => {
    expect(new Set(dashboard.panels.map((panel) => panel.id)).size).toBe(dashboard.panels.length)
    expect(new Set(shownPanels(dashboard).map((panel) => panel.title)).size).toBe(shownPanels(dashboard).length)
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
})

describe('the panels', () => {
  test.each(panels)('$name says what it shows, from the chosen datasource', ({ panel }) => {
    expect(panel.description).toMatch(/^.{20,}[.?]$/)
    expect(panel.datasource).toEqual(DATASOURCE)
    expect(panel.targets.length).toBeGreaterThan(0)
    for (const target of panel.targets) expect(target.datasource).toEqual(DATASOURCE)
    expect(new Set(panel.targets.map((target) => target.refId)).size).toBe(panel.targets.length)
  })

  test('have units that Grafana knows', () => {
    const known = grafanaUnits()
    expect(known.size).toBeGreaterThan(100)
    const units = panels.flatMap(({ name, panel }) => [
      { name, unit: panel.fieldConfig?.defaults.unit },
      ...(panel.fieldConfig?.overrides ?? []).flatMap(({ properties }) =>
        properties.filter(({ id }) => id === 'unit').map(({ value }) => ({ name, unit: value })),
      ),
    ])
    // `suffix: cores` is a unit of one's own.
    expect(units.filter(({ unit }) => typeof unit !== 'string' || !(known.has(unit) || /^suffix: ?\S/.test(unit)))).toEqual([])
  })

  test('compute rates of counters over $__rate_interval, or over all that is shown', () => {
    const counted = /\b(?:rate|increase|irate)\([^[\]]*\[([^\]]+)\]/g
    const windows = panels.flatMap(({ panel }) => panel.targets.flatMap(({ expr }) => [...expr.matchAll(counted)].map((match) => match[1])))
    expect(windows.length).toBeGreaterThan(30)
    // The share of copies is of a quarter of an hour, whatever is shown.
    expect(new Set(windows)).toEqual(new Set(['$__rate_interval', '$__range', '15m']))
  })
})
