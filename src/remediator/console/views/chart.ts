/** Owns the evidence chart as a picture that needs no script: level, what is normal, the limit, and the moments of action. */
import type { Evidence, EvidenceAnswer, Values } from '../evidence/evidence.ts'
import { figureOf } from '../figures.ts'
import { html, type Html, type Value } from '../html.ts'
import { exactTime } from '../time.ts'
import { bandPath, groupMarks, highestOf, linePath, tickText, timeTicks, valueTicks } from './chart-scale.ts'

interface Size {
  readonly name: 'wide' | 'narrow'
  readonly width: number
  readonly height: number
  readonly left: number
  readonly timeTicks: number
}

/** Which of the two is seen, the width of the window decides: letters stay readable on both. */
const SIZES: readonly Size[] = [
  { name: 'wide', width: 900, height: 280, left: 70, timeTicks: 9 },
  { name: 'narrow', width: 360, height: 240, left: 58, timeTicks: 4 },
]
const TOP = 24
const RIGHT = 12
const BOTTOM = 26
const DAY_SECONDS = 86_400

export function chartSection(answer: EvidenceAnswer, incidentId: string): Html {
  if (answer.kind === 'none') {
    return html`<div class="empty">
      <p><strong>There is no chart.</strong></p>
      <p>${answer.why}</p>
    </div>`
  }
  const { evidence } = answer
  return html`<figure class="chart">
    <div class="plot" data-chart="/incidents/${incidentId}/evidence.json" data-unit="${evidence.unit}">
      ${SIZES.map((size) => picture(evidence, size))}
    </div>
    <figcaption>
      <ul class="legend">
        <li><span class="key current" aria-hidden="true"></span>measured</li>
        ${hasValue(evidence.upper) && html`<li><span class="key band" aria-hidden="true"></span>normal</li>`}
        ${hasValue(evidence.baseline) && html`<li><span class="key baseline" aria-hidden="true"></span>baseline</li>`}
        ${hasValue(evidence.limit) && html`<li><span class="key limit" aria-hidden="true"></span>limit</li>`}
      </ul>
      <p class="readout" aria-hidden="true"></p>
      <div id="moments" data-region>${momentList(evidence)}</div>
      <p class="quiet">Times are UTC. <code>${evidence.source}</code>${evidence.unit !== '' && [', in ', evidence.unit]}</p>
    </figcaption>
  </figure>`
}

function momentList({ moments }: Evidence): Value {
  if (moments.length === 0) return undefined
  return html`<ol class="moments">
    ${moments.map(({ at, label }) => html`<li>${label} <span class="quiet">${exactTime(new Date(at * 1000).toISOString()).slice(11)}</span></li>`)}
  </ol>`
}

function picture(evidence: Evidence, { name, width, height, left, timeTicks: ticks }: Size): Html {
  const { times, current, baseline, limit, lower, upper, unit } = evidence
  const [from = 0] = times
  const to = times.at(-1) ?? from + 1
  const top = highestOf(evidence)
  const xAt = (seconds: number): number => left + ((seconds - from) / (to - from || 1)) * (width - left - RIGHT)
  const x = (index: number): number => xAt(times[index] ?? from)
  const y = (value: number): number => TOP + (1 - Math.min(Math.max(value, 0), top) / top) * (height - TOP - BOTTOM)
  const floor = height - BOTTOM
  return html`<svg class="${name}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${describe(evidence)}">
    ${valueTicks(top, unit.startsWith('bytes')).map(
      (value) =>
        html`<line class="grid" x1="${left}" x2="${width - RIGHT}" y1="${y(value)}" y2="${y(value)}" />
          <text class="tick" x="${left - 6}" y="${y(value) + 4}" text-anchor="end"
            >${figureOf(value, unit.startsWith('bytes') ? 'bytes' : '')}</text
          >`,
    )}
    ${timeTicks(from, to, ticks).map(
      (seconds) =>
        html`<line class="grid" x1="${xAt(seconds)}" x2="${xAt(seconds)}" y1="${floor}" y2="${floor + 4}" />
          <text class="tick" x="${xAt(seconds)}" y="${height - 8}" text-anchor="middle"
            >${tickText(seconds, to - from > DAY_SECONDS)}</text
          >`,
    )}
    <path class="band" d="${bandPath(lower, upper, x, y)}" />
    <path class="baseline" d="${linePath(baseline, x, y)}" />
    <path
      class="limit"
      d="${linePath(
        limit.map((value) => (value !== null && value <= top ? value : null)),
        x,
        y,
      )}"
    />
    <path class="current" d="${linePath(current, x, y)}" />
    ${momentMarks(
      evidence.moments.map(({ at }) => xAt(at)),
      { left, right: width - RIGHT, floor },
    )}
  </svg>`
}

/** Numbers of marks that are closer than this would cover each other. */
const APART = 16

function momentMarks(xs: readonly number[], { left, right, floor }: { left: number; right: number; floor: number }): Value {
  const isWithin = (x: number): boolean => x >= left && x <= right
  return [
    xs.filter(isWithin).map((x) => html`<line class="moment" x1="${x}" x2="${x}" y1="${TOP - 6}" y2="${floor}" />`),
    groupMarks(xs, APART)
      .filter(({ x }) => isWithin(x))
      .map(({ x, text }) => html`<text class="moment" x="${x}" y="${TOP - 10}" text-anchor="middle">${text}</text>`),
  ]
}

/** The chart in a sentence, for who cannot see it. */
export function describe({ times, current, baseline, limit, unit, moments }: Evidence): string {
  const highest = current.reduce<{ value: number; index: number } | undefined>(
    (top, value, index) => (value !== null && (top === undefined || value > top.value) ? { value, index } : top),
    undefined,
  )
  if (highest === undefined) return 'Nothing was measured in that time.'
  const at = exactTime(new Date((times[highest.index] ?? 0) * 1000).toISOString())
  const last = (values: Values): number | null => values.findLast((value) => value !== null) ?? null
  const normal = last(baseline)
  const allowed = last(limit)
  return [
    `The highest measured value is ${figureOf(highest.value, unit)} at ${at}.`,
    ...(normal === null ? [] : [`The baseline is ${figureOf(normal, unit)}.`]),
    ...(allowed === null ? [] : [`The limit is ${figureOf(allowed, unit)}.`]),
    ...(moments.length === 0 ? [] : [`Marked: ${moments.map(({ label }, index) => `${index + 1} ${label}`).join(', ')}.`]),
  ].join(' ')
}

function hasValue(values: Values): boolean {
  return values.some((value) => value !== null)
}
