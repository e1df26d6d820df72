/** Owns drawing single numbers and tables. */
import type { DashboardPanel } from '../../test/support/dashboards.ts'
import { transformed, type CellValue } from '../../test/support/grafana-data.ts'
import type { Line, Series } from './answers.ts'
import { columnLook, defaultsOf, shownAs } from './look.ts'
import { text, widthOf, type Box } from './svg.ts'

const VALUE_SIZE_MAX = 34
const CELL = 22

export function drawStat(panel: DashboardPanel, box: Box, lines: readonly Line[], namesOnly: boolean): string {
  const defaults = defaultsOf(panel)
  const values = lines.map(({ name, points }) => ({ name, ...shownAs(points.at(-1)?.[1] ?? Number.NaN, defaults) }))
  const shown = values.length === 0 ? [{ name: '', text: defaults.noValue, color: '#8d95a3' }] : values
  const part = box.width / shown.length
  return shown
    .map(({ name, text: value, color }, index) => {
      const big = namesOnly && name !== '' ? name : value
      const size = Math.max(11, Math.min(VALUE_SIZE_MAX, box.height * 0.45, part / (big.length * 0.6 + 0.6)))
      const middle = box.x + part * (index + 0.5)
      const small =
        !namesOnly && shown.length > 1
          ? text(middle, box.y + box.height - 8, name, { anchor: 'middle', color: '#6b7280', maxWidth: part - 8 })
          : ''
      return (
        text(middle, box.y + box.height / 2 + size / 3, big, {
          size,
          color: namesOnly ? '#3b4252' : color,
          anchor: 'middle',
          bold: true,
          maxWidth: part,
        }) + small
      )
    })
    .join('')
}

/** The rows and columns that Grafana's own transformations make of the answers. */
export async function drawTable(panel: DashboardPanel, box: Box, answers: ReadonlyMap<string, readonly Series[]>): Promise<string> {
  const instant = [...answers].map(
    ([refId, series]) => [refId, series.flatMap(({ metric, value }) => (value === undefined ? [] : [{ metric, value }]))] as const,
  )
  const { columns, rows } = await transformed(panel.transformations, new Map(instant))
  if (rows.length === 0)
    return text(box.x + box.width / 2, box.y + box.height / 2, defaultsOf(panel).noValue, { anchor: 'middle', color: '#8d95a3', size: 13 })
  const looks = new Map(columns.map((column) => [column, columnLook(panel, column)]))
  const cells = sorted(panel, rows).map((row) => columns.map((column) => cellOf(row[column], looks.get(column))))
  const widths = columnWidths(columns, cells, box.width - 12)
  const parts: string[] = []
  let x = box.x + 8
  for (const [index, column] of columns.entries()) {
    const width = widths[index] ?? 0
    parts.push(text(x, box.y + 15, column, { color: '#1f60c4', maxWidth: width - 6 }))
    for (const [row, line] of cells.slice(0, Math.floor((box.height - CELL) / CELL)).entries()) {
      const cell = line[index]
      if (cell !== undefined) parts.push(text(x, box.y + 15 + (row + 1) * CELL, cell.text, { color: cell.color, maxWidth: width - 6 }))
    }
    x += width
  }
  return parts.join('')
}

function cellOf(value: CellValue, look: ReturnType<typeof columnLook> | undefined): { text: string; color: string } {
  if (value === undefined || value === null || look === undefined) return { text: '', color: '#3b4252' }
  return shownAs(value, look)
}

function sorted(panel: DashboardPanel, rows: ReadonlyArray<Readonly<Record<string, CellValue>>>) {
  const [by] = panel.options?.sortBy ?? []
  if (by === undefined) return rows
  const direction = by.desc === true ? -1 : 1
  return rows.toSorted((a, b) => {
    const [left, right] = [a[by.displayName] ?? '', b[by.displayName] ?? '']
    return (typeof left === 'number' && typeof right === 'number' ? left - right : String(left) < String(right) ? -1 : 1) * direction
  })
}

/** As wide as what they hold, shrunk or stretched alike to fill the panel. */
function columnWidths(columns: readonly string[], cells: ReadonlyArray<ReadonlyArray<{ text: string }>>, total: number): number[] {
  const wanted = columns.map((column, index) =>
    Math.min(260, Math.max(...[column, ...cells.map((line) => line[index]?.text ?? '')].map((content) => widthOf(content, 11) + 14))),
  )
  const sum = wanted.reduce((all, width) => all + width, 0)
  return wanted.map((width) => (width * total) / sum)
}
