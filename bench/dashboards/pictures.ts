/**
 * Owns the pictures of docs/dashboards.md: what each dashboard shows after the scripted anomaly of the tests, drawn from the real
 * answers of Prometheus with Grafana's units and transformations, but not by Grafana.
 * Usage: node bench/dashboards/pictures.ts ANSWERS.json (npm run docs:dashboards makes them first)
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { committedDashboards, type CommittedDashboard, type DashboardPanel } from '../../test/support/dashboards.ts'
import { answerOf, linesOf, readAnswers, type Answers } from './answers.ts'
import { drawGraph, drawTimeline, type Mark, type Span } from './draw-graph.ts'
import { drawStat, drawTable } from './draw-values.ts'
import { colorOf, rect, text, type Box } from './svg.ts'

const OUTPUT = path.resolve(import.meta.dirname, '../../docs/images')
const COLUMN = 62
const UNIT = 30
const GAP = 4
const TITLE = 24
const HEAD = 44

const [file] = process.argv.slice(2)
if (file === undefined) throw new Error('usage: node bench/dashboards/pictures.ts ANSWERS.json')
const answers = readAnswers(file)
mkdirSync(OUTPUT, { recursive: true })
for (const dashboard of committedDashboards()) {
  const svg = await drawDashboard(dashboard, answers)
  const name = `dashboard-${dashboard.uid.replace('procwarden-', '')}.svg`
  writeFileSync(path.join(OUTPUT, name), `${svg}\n`)
  process.stdout.write(`${name}: ${Math.ceil(svg.length / 1024)} KiB\n`)
}

async function drawDashboard(dashboard: CommittedDashboard, all: Answers): Promise<string> {
  const span = timeOf(dashboard, all)
  const marks = marksOf(dashboard, all)
  const width = 24 * COLUMN
  const height = HEAD + Math.max(...dashboard.panels.map(({ gridPos }) => gridPos.y + gridPos.h)) * UNIT
  const parts = [rect({ x: 0, y: 0, width, height }, '#f4f5f7'), text(12, 28, dashboard.title, { size: 17, bold: true })]
  for (const panel of dashboard.panels) parts.push(await drawPanel(dashboard, panel, all, span, marks))
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, 'DejaVu Sans', sans-serif" role="img">${parts.join('\n')}</svg>`
}

async function drawPanel(
  dashboard: CommittedDashboard,
  panel: DashboardPanel,
  all: Answers,
  span: Span,
  marks: readonly Mark[],
): Promise<string> {
  const { x, y, w, h } = panel.gridPos
  const box = { x: x * COLUMN + GAP / 2, y: HEAD + y * UNIT + GAP / 2, width: w * COLUMN - GAP, height: h * UNIT - GAP }
  if (panel.type === 'row') return text(box.x + 8, box.y + 18, panel.title, { size: 13, bold: true })
  const inner = { x: box.x, y: box.y + TITLE, width: box.width, height: box.height - TITLE }
  return [
    rect(box, '#fff', ' stroke="#dfe3e8" rx="2"'),
    text(box.x + 8, box.y + 17, panel.title, { size: 12, bold: true, maxWidth: box.width - 16 }),
    await contentOf(dashboard, panel, inner, all, span, marks),
  ].join('')
}

async function contentOf(
  dashboard: CommittedDashboard,
  panel: DashboardPanel,
  box: Box,
  all: Answers,
  span: Span,
  marks: readonly Mark[],
): Promise<string> {
  switch (panel.type) {
    case 'timeseries':
      return drawGraph(panel, box, linesOf(all, dashboard, panel), span, marks)
    case 'state-timeline':
      return drawTimeline(panel, box, linesOf(all, dashboard, panel), span)
    case 'stat':
      return drawStat(panel, box, linesOf(all, dashboard, panel), panel.options?.textMode === 'name')
    case 'table':
      return drawTable(panel, box, new Map(panel.targets.map(({ refId }) => [refId, answerOf(all, dashboard, panel, refId)])))
    default:
      throw new Error(`${panel.title}: a ${panel.type} cannot be drawn`)
  }
}

/** From the first sample of any graph to the last. */
function timeOf(dashboard: CommittedDashboard, all: Answers): Span {
  const moments = Object.entries(all)
    .filter(([place]) => place.startsWith(`${dashboard.uid}: panel`))
    .flatMap(([, series]) => series.flatMap(({ values = [] }) => values.map(([moment]) => moment)))
  return { from: Math.min(...moments), to: Math.max(...moments) }
}

/** When alerts began to fire, and when something was done. */
function marksOf(dashboard: CommittedDashboard, all: Answers): Mark[] {
  const began = (name: string, color: string): Mark[] =>
    (all[`${dashboard.uid}: annotation "${name}"`] ?? []).flatMap(({ values: [first] = [] }) =>
      first === undefined ? [] : [{ at: first[0], color: colorOf(color) }],
    )
  return [...began('Alerts', 'red'), ...began('Remediations', 'blue')]
}
