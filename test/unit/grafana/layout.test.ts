/** Tests where panels are put. The SDK would leave them without ids, and lines wider than the grid. */
import { describe, expect, test } from 'vitest'
import { placeRows } from '../../../grafana/layout.ts'

describe('placeRows', () => {
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
