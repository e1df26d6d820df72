/**
 * Owns where panels stand and how they are numbered. The dashboard SDK gives panels no ids and lets a line of them run
 * past the grid's right edge, so both are done and checked here. Knows nothing of what a panel shows.
 */
import type { Panel, RowPanel } from '@grafana/grafana-foundation-sdk/dashboard'

const GRID_COLUMNS = 24
const ROW_HEIGHT = 1

export interface Row {
  readonly title: string
  /** In grid units of about 30 pixels; the same for the whole line, so that lines never interlock. */
  readonly height: number
  readonly panels: ReadonlyArray<{ readonly width: number; readonly panel: Panel }>
}

/** Row headers and panels from top to bottom, ids from 1 on. Throws when a line is not exactly as wide as the grid. */
export function placeRows(rows: readonly Row[]): Array<Panel | RowPanel> {
  const placed: Array<Panel | RowPanel> = []
  let y = 0
  for (const { title, height, panels } of rows) {
    const width = panels.reduce((sum, panel) => sum + panel.width, 0)
    if (width !== GRID_COLUMNS) throw new Error(`the row "${title}" is ${width} columns wide, the grid has ${GRID_COLUMNS}`)
    placed.push({
      type: 'row',
      id: placed.length + 1,
      title,
      collapsed: false,
      panels: [],
      gridPos: { x: 0, y, w: GRID_COLUMNS, h: ROW_HEIGHT },
    })
    y += ROW_HEIGHT
    let x = 0
    for (const { width: w, panel } of panels) {
      placed.push({ ...panel, id: placed.length + 1, gridPos: { x, y, w, h: height } })
      x += w
    }
    y += height
  }
  return placed
}
