/** Owns drawing graphs over time and timelines of states. */
import { z } from 'zod'
import type { DashboardPanel } from '../../test/support/dashboards.ts'
import type { Line } from './answers.ts'
import { defaultsOf, formatted, overridesOf, shownAs, type Defaults } from './look.ts'
import { colorOf, paletteColor, rect, round, text, widthOf, type Box } from './svg.ts'

export interface Span {
  readonly from: number
  readonly to: number
}

/** A moment that is marked in all graphs. */
export interface Mark {
  readonly at: number
  readonly color: string
}

const LEGEND_LINE = 15
const LEGEND_SHARE_MAX = 0.42
const AXIS_WIDTH = 62
const TICKS = 4

const Color = z.object({ fixedColor: z.string() })
const Dashed = z.object({ fill: z.literal('dash') })

interface Look {
  readonly color: string
  readonly isDashed: boolean
  readonly isPoints: boolean
  readonly width: number
  readonly fill: number
  readonly fillsTo: string | undefined
}

export function drawGraph(panel: DashboardPanel, box: Box, lines: readonly Line[], span: Span, marks: readonly Mark[]): string {
  const defaults = defaultsOf(panel)
  if (lines.length === 0)
    return text(box.x + box.width / 2, box.y + box.height / 2, defaults.noValue, { anchor: 'middle', color: '#8d95a3', size: 13 })
  const legendLines = Math.min(lines.length, Math.max(1, Math.floor((box.height * LEGEND_SHARE_MAX) / LEGEND_LINE)))
  const plot = {
    x: box.x + AXIS_WIDTH,
    y: box.y + 6,
    width: box.width - AXIS_WIDTH - 8,
    height: box.height - 26 - legendLines * LEGEND_LINE,
  }
  const looks = lines.map((line, index) => lookOf(panel, line, index))
  const isStacked = defaults.custom.stacking.mode === 'normal'
  const drawn = isStacked ? stacked(lines) : lines.map((line) => ({ ...line, floor: undefined }))
  const range = valueRange(drawn, defaults)
  const at = (seconds: number): number => plot.x + ((seconds - span.from) / (span.to - span.from)) * plot.width
  const height = (value: number): number => plot.y + plot.height - ((value - range.low) / (range.high - range.low)) * plot.height
  const parts = [axes(plot, range, span, defaults, height, at)]
  for (const { at: moment, color } of marks.filter((mark) => mark.at >= span.from && mark.at <= span.to))
    parts.push(
      `<line x1="${round(at(moment))}" x2="${round(at(moment))}" y1="${plot.y}" y2="${round(plot.y + plot.height)}" stroke="${color}" stroke-dasharray="3 2" opacity=".7"/>`,
    )
  for (const [index, line] of drawn.entries()) {
    const look = looks[index]
    if (look === undefined) continue
    const floor = look.fillsTo === undefined ? line.floor : lines.find(({ name }) => name === look.fillsTo)?.points
    parts.push(drawLine(line.points, floor, { ...look, fill: isStacked ? 0.4 : look.fill }, defaults, at, height, plot))
  }
  return [...parts, legend(lines, looks, { ...box, y: plot.y + plot.height + 20, height: legendLines * LEGEND_LINE }, defaults)].join('')
}

function lookOf(panel: DashboardPanel, { name }: Line, index: number): Look {
  const properties = overridesOf(panel, name)
  const fixed = Color.safeParse(properties.get('color'))
  return {
    color: fixed.success ? colorOf(fixed.data.fixedColor) : paletteColor(index),
    isDashed: Dashed.safeParse(properties.get('custom.lineStyle')).success,
    isPoints: properties.get('custom.drawStyle') === 'points',
    width: z.number().catch(1.3).parse(properties.get('custom.lineWidth')),
    fill: z.number().catch(0).parse(properties.get('custom.fillOpacity')) / 100,
    fillsTo: z.string().optional().parse(properties.get('custom.fillBelowTo')),
  }
}

type Points = Line['points']

function stacked(lines: readonly Line[]): Array<Line & { readonly floor: Points }> {
  const sums = new Map<number, number>()
  return lines.map((line) => {
    const floor = line.points.map(([moment]) => [moment, sums.get(moment) ?? 0] as const)
    for (const [moment, value] of line.points) sums.set(moment, (sums.get(moment) ?? 0) + value)
    return { ...line, floor, points: line.points.map(([moment]) => [moment, sums.get(moment) ?? 0] as const) }
  })
}

function valueRange(lines: readonly Line[], { min, max }: Defaults): { low: number; high: number } {
  const values = lines.flatMap(({ points }) => points.map(([, value]) => value)).filter((value) => Number.isFinite(value))
  const low = Math.min(min ?? Infinity, ...values)
  const high = max ?? Math.max(...values, low)
  return { low, high: high > low ? high + (max === undefined ? (high - low) * 0.05 : 0) : low + 1 }
}

function axes(
  plot: Box,
  range: { low: number; high: number },
  span: Span,
  { unit }: Defaults,
  height: (value: number) => number,
  at: (seconds: number) => number,
): string {
  const parts: string[] = []
  for (let tick = 0; tick <= TICKS; tick++) {
    const value = range.low + ((range.high - range.low) * tick) / TICKS
    const y = height(value)
    parts.push(`<line x1="${plot.x}" x2="${round(plot.x + plot.width)}" y1="${round(y)}" y2="${round(y)}" stroke="#e4e7eb"/>`)
    parts.push(text(plot.x - 5, y + 4, formatted(value, unit), { size: 10, anchor: 'end', color: '#6b7280', maxWidth: AXIS_WIDTH }))
    const moment = span.from + ((span.to - span.from) * tick) / TICKS
    parts.push(
      text(at(moment), plot.y + plot.height + 14, new Date(moment * 1000).toISOString().slice(11, 16), {
        size: 10,
        anchor: tick === 0 ? 'start' : tick === TICKS ? 'end' : 'middle',
        color: '#6b7280',
      }),
    )
  }
  return parts.join('')
}

function drawLine(
  points: Points,
  floor: Points | undefined,
  look: Look,
  { custom }: Defaults,
  at: (seconds: number) => number,
  height: (value: number) => number,
  plot: Box,
): string {
  const finite = points.filter(([, value]) => Number.isFinite(value))
  if (look.isPoints)
    return finite
      .map(([moment, value]) => `<circle cx="${round(at(moment))}" cy="${round(height(value))}" r="2.6" fill="${look.color}"/>`)
      .join('')
  const isSteps = custom.lineInterpolation === 'stepAfter'
  const path = pathOf(finite, isSteps, at, height)
  const parts: string[] = []
  if (custom.drawStyle === 'bars') {
    const base = new Map(floor)
    const width = Math.max(1.5, (plot.width / Math.max(finite.length, 60)) * 0.8)
    return finite
      .map(([moment, value]) =>
        rect({ x: at(moment) - width / 2, y: height(value), width, height: height(base.get(moment) ?? 0) - height(value) }, look.color),
      )
      .join('')
  }
  if (look.fill > 0 && finite.length > 0) {
    const below = (floor ?? finite.map(([moment]) => [moment, 0] as const)).toReversed()
    const back = below.map(([moment, value]) => `L${round(at(moment))} ${round(Math.min(height(value), plot.y + plot.height))}`).join('')
    parts.push(`<path d="${path}${back}Z" fill="${look.color}" opacity="${look.fill}"/>`)
  }
  if (look.width > 0)
    parts.push(
      `<path d="${path}" fill="none" stroke="${look.color}" stroke-width="${look.width}"${look.isDashed ? ' stroke-dasharray="6 4"' : ''}/>`,
    )
  return parts.join('')
}

function pathOf(points: Points, isSteps: boolean, at: (seconds: number) => number, height: (value: number) => number): string {
  let path = ''
  let last: readonly [number, number] | undefined
  for (const [moment, value] of points) {
    const [x, y] = [round(at(moment)), round(height(value))]
    // What Prometheus has no sample for is a gap.
    const isGap = last === undefined || moment - last[0] > 30
    if (isGap) path += `M${x} ${y}`
    else if (last?.[1] === value) path += `H${x}`
    else path += isSteps ? `H${x}V${y}` : `L${x} ${y}`
    last = [moment, value]
  }
  return path
}

function legend(lines: readonly Line[], looks: readonly Look[], box: Box, { unit }: Defaults): string {
  const shown = Math.floor(box.height / LEGEND_LINE)
  return lines
    .slice(0, shown)
    .map((line, index) => {
      const y = box.y + index * LEGEND_LINE + 8
      const more = index === shown - 1 && lines.length > shown ? `   … ${lines.length - shown} more` : ''
      const last = line.points.at(-1)?.[1]
      const value = last === undefined ? '' : formatted(last, unit)
      return [
        rect({ x: box.x + 8, y: y - 4, width: 12, height: 3 }, looks[index]?.color ?? '#888'),
        text(box.x + 26, y + 2, `${line.name}${more}`, { maxWidth: box.width - 46 - widthOf(value, 11) }),
        text(box.x + box.width - 10, y + 2, value, { anchor: 'end' }),
      ].join('')
    })
    .join('')
}

/** For each series a bar, in the colours of its states. */
export function drawTimeline(panel: DashboardPanel, box: Box, lines: readonly Line[], span: Span): string {
  const defaults = defaultsOf(panel)
  if (lines.length === 0)
    return text(box.x + box.width / 2, box.y + box.height / 2, defaults.noValue, { anchor: 'middle', color: '#8d95a3', size: 13 })
  const label = Math.min(box.width * 0.42, Math.max(...lines.map(({ name }) => widthOf(name, 11))) + 14)
  const row = Math.min(30, (box.height - 8) / lines.length)
  const at = (seconds: number): number => box.x + label + ((seconds - span.from) / (span.to - span.from)) * (box.width - label - 8)
  const step = Math.min(...lines.flatMap(({ points }) => points.slice(1).map(([moment], index) => moment - (points[index]?.[0] ?? 0))), 60)
  return lines
    .map(({ name, points }, index) => {
      const y = box.y + 4 + index * row
      const bars = states(points, step).map(({ from, to, value }) => {
        const { color, text: state } = shownAs(value, defaults)
        const bar = { x: at(from), y: y + row * 0.12, width: at(Math.min(to, span.to)) - at(from), height: row * 0.76 }
        const words = bar.width > widthOf(state, 10) + 8 && row > 13 ? text(bar.x + 5, y + row / 2 + 4, state, { size: 10 }) : ''
        return `${rect(bar, color, ' opacity=".45"')}${words}`
      })
      return text(box.x + 8, y + row / 2 + 4, name, { maxWidth: label - 12 }) + bars.join('')
    })
    .join('')
}

/** Neighbouring samples of one value are one bar. */
function states(points: Points, step: number): Array<{ from: number; to: number; value: number }> {
  const found: Array<{ from: number; to: number; value: number }> = []
  for (const [moment, value] of points) {
    const last = found.at(-1)
    if (last !== undefined && last.value === value && moment - last.to <= step * 1.5) last.to = moment
    else found.push({ from: moment, to: moment, value })
    const before = found.at(-2)
    if (before !== undefined && found.at(-1)?.from === moment && moment - before.to <= step * 1.5) before.to = moment
  }
  // A state lasts until the next sample, the last one for a step.
  for (const [index, state] of found.entries()) if (state.to !== found[index + 1]?.from) state.to += step
  return found
}
