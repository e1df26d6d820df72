// Owns the chart that can be pointed at and zoomed into; it takes the place of the picture that the server drew.

// The script before this one puts it there.
const uPlot = Reflect.get(globalThis, 'uPlot')

const REFRESH_MS = 15_000
const HEIGHT_WIDE = 280
const HEIGHT_NARROW = 240
const NARROW = 560
/** Numbers of marks that are closer than this would cover each other. */
const APART = 16
const DAY_SECONDS = 86_400
/** Zoomed into less than that, minutes alone tell ticks apart no more. */
const SHORT_SECONDS = 300

/**
 * @typedef {Array<number | null>} Values
 * @typedef {{ unit: string, times: number[], current: Values, baseline: Values, limit: Values, lower: Values, upper: Values,
 *   moments: Array<{ at: number, label: string }> }} Evidence
 */

/** @param {string} name */
function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim()
}

/**
 * @param {number | null} value
 * @param {string} unit
 */
function valueText(value, unit) {
  if (value === null || value === undefined) return '-'
  if (unit.startsWith('bytes')) {
    const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
    let size = value
    let step = 0
    for (; Math.abs(size) >= 1024 && step < units.length - 1; step++) size /= 1024
    return `${size.toLocaleString('en-US', { maximumSignificantDigits: 3 })} ${units[step]}`
  }
  return value.toLocaleString('en-US', { maximumSignificantDigits: 4 })
}

/** Round steps; for bytes in powers of two. @param {number} top @param {string} unit */
function ticksOf(top, unit) {
  const raw = top / 5
  const power = unit.startsWith('bytes') ? 1024 ** Math.floor(Math.log(Math.max(raw, 1)) / Math.log(1024)) : 1
  const decade = 10 ** Math.floor(Math.log10(raw / power))
  const step = ([1, 2, 2.5, 5, 10].find((each) => each * decade * power >= raw) ?? 10) * decade * power
  return Array.from({ length: Math.floor(top / step) + 1 }, (_, index) => index * step)
}

/** @param {number} seconds @param {number} length of what is shown of the time */
function clockText(seconds, length) {
  const iso = new Date(seconds * 1000).toISOString()
  return length > DAY_SECONDS ? `${iso.slice(5, 10)} ${iso.slice(11, 16)}` : iso.slice(11, length < SHORT_SECONDS ? 19 : 16)
}

/**
 * @param {Evidence} evidence
 * @param {number} top
 * @param {number} width
 * @param {Element | null} readout
 */
function optionsOf(evidence, top, width, readout) {
  const { unit, moments } = evidence
  const grid = { stroke: colour('--line'), width: 1 }
  const axis = {
    stroke: colour('--quiet'),
    grid,
    ticks: grid,
    font: '11.5px "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", system-ui, sans-serif',
  }
  const still = { points: { show: false } }
  return {
    width,
    height: width < NARROW ? HEIGHT_NARROW : HEIGHT_WIDE,
    padding: [22, 30, 0, 0],
    legend: { show: false },
    scales: { y: { range: () => [0, top] } },
    cursor: { points: { size: 6 } },
    axes: [
      {
        ...axis,
        space: 70,
        values: (/** @type {any} */ chart, /** @type {number[]} */ ticks) =>
          ticks.map((tick) => clockText(tick, chart.scales.x.max - chart.scales.x.min)),
      },
      {
        ...axis,
        size: 62,
        splits: () => ticksOf(top, unit),
        values: (/** @type {unknown} */ _chart, /** @type {number[]} */ ticks) => ticks.map((tick) => valueText(tick, unit)),
      },
    ],
    series: [
      {},
      { stroke: colour('--accent'), width: 2 },
      { stroke: colour('--quiet'), width: 1.3, dash: [6, 4], ...still },
      { stroke: colour('--bad'), width: 1.5, dash: [2, 3], ...still },
      { stroke: 'transparent', width: 0, ...still },
      { stroke: 'transparent', width: 0, ...still },
    ],
    bands: [{ series: [5, 4], fill: colour('--band') }],
    hooks: {
      draw: [(/** @type {any} */ chart) => drawMoments(chart, moments)],
      setCursor: [(/** @type {any} */ chart) => tellPoint(evidence, chart.cursor.idx, readout)],
    },
  }
}

/**
 * What was measured at the moment that is pointed at.
 * @param {Evidence} evidence
 * @param {number | null | undefined} index
 * @param {Element | null} readout
 */
function tellPoint({ times, current, baseline, limit, unit }, index, readout) {
  if (readout === null) return
  const at = typeof index === 'number' ? times[index] : undefined
  if (at === undefined || typeof index !== 'number') {
    readout.textContent = 'Point at the chart for figures; drag to zoom, double-click to see all again.'
    return
  }
  const text = (/** @type {string} */ name, /** @type {Values} */ values) => `${name} ${valueText(values[index] ?? null, unit)}`
  readout.textContent = [
    `${new Date(at * 1000).toISOString().slice(11, 19)} UTC`,
    text('measured', current),
    text('baseline', baseline),
    text('limit', limit),
  ].join(' · ')
}

/**
 * @param {any} chart
 * @param {Evidence['moments']} moments
 */
function drawMoments(chart, moments) {
  const { ctx, bbox } = chart
  const ratio = devicePixelRatio
  ctx.save()
  ctx.font = `650 ${11 * ratio}px "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", system-ui, sans-serif`
  ctx.textAlign = 'center'
  ctx.fillStyle = ctx.strokeStyle = colour('--text')
  const xs = moments.map(({ at }) => chart.valToPos(at, 'x', true))
  const isWithin = (/** @type {number} */ x) => x >= bbox.left && x <= bbox.left + bbox.width
  ctx.globalAlpha = 0.55
  for (const x of xs.filter(isWithin)) {
    ctx.beginPath()
    ctx.moveTo(x, bbox.top - 4 * ratio)
    ctx.lineTo(x, bbox.top + bbox.height)
    ctx.stroke()
  }
  ctx.globalAlpha = 1
  for (const { x, text } of groupMarks(xs, APART * ratio)) if (isWithin(x)) ctx.fillText(text, x, bbox.top - 8 * ratio)
  ctx.restore()
}

/**
 * Numbers for marks in order of time; those too close to be told apart share one (chart-scale.ts has the same).
 * @param {number[]} xs
 * @param {number} apart
 */
function groupMarks(xs, apart) {
  /** @type {Array<{ first: number, last: number, x: number, lastX: number }>} */
  const groups = []
  for (const [index, x] of xs.entries()) {
    const group = groups.at(-1)
    if (group !== undefined && x - group.lastX < apart) Object.assign(group, { last: index + 1, lastX: x })
    else groups.push({ first: index + 1, last: index + 1, x, lastX: x })
  }
  return groups.map(({ first, last, x, lastX }) => ({ x: (x + lastX) / 2, text: first === last ? String(first) : `${first}-${last}` }))
}

/** @param {Evidence} evidence */
function dataOf({ times, current, baseline, limit, lower, upper }) {
  return [times, current, baseline, limit, lower, upper]
}

/** @param {HTMLElement} place */
async function enhance(place) {
  const address = place.dataset['chart']
  if (address === undefined) return
  /** @type {any} */
  let chart
  /** @type {{ evidence: Evidence, top: number } | undefined} */
  let shown

  const draw = () => {
    if (shown === undefined) return
    chart?.destroy()
    place.classList.add('enhanced')
    const holder = document.createElement('div')
    // What it shows is said in words by the picture's own description, which stays for who listens.
    holder.setAttribute('aria-hidden', 'true')
    place.querySelector('.canvas')?.remove()
    holder.className = 'canvas'
    place.append(holder)
    const readout = place.closest('figure')?.querySelector('.readout') ?? null
    chart = new uPlot(optionsOf(shown.evidence, shown.top, place.clientWidth, readout), dataOf(shown.evidence), holder)
    tellPoint(shown.evidence, undefined, readout)
  }
  const load = async () => {
    const response = await fetch(address, { credentials: 'same-origin', headers: { 'X-Procwarden-Refresh': '1' } })
    const answer = response.ok ? await response.json() : undefined
    if (answer?.kind !== 'drawn') return
    const isZoomed = chart !== undefined && shown !== undefined && isNarrowed(chart, shown.evidence.times)
    shown = { evidence: answer.evidence, top: answer.top }
    if (!isZoomed) draw()
  }
  const loadAgain = () => {
    if (!document.hidden && place.isConnected) load().catch(() => undefined)
  }
  await load()
  setInterval(loadAgain, REFRESH_MS)
  document.addEventListener('procwarden:fresh', loadAgain)
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw)
  new ResizeObserver(() => {
    if (chart !== undefined && chart.width !== place.clientWidth) {
      chart.setSize({ width: place.clientWidth, height: place.clientWidth < NARROW ? HEIGHT_NARROW : HEIGHT_WIDE })
    }
  }).observe(place)
}

/** Whether a person looks at a part of it: then it is left as it is. @param {any} chart @param {number[]} times */
function isNarrowed(chart, times) {
  const { min, max } = chart.scales.x
  return min > (times[0] ?? min) || max < (times.at(-1) ?? max)
}

/** @type {WeakSet<Element>} */
const taken = new WeakSet()

function enhanceAll() {
  for (const place of document.querySelectorAll('[data-chart]')) {
    if (!(place instanceof HTMLElement) || taken.has(place)) continue
    taken.add(place)
    enhance(place).catch(() => place.classList.remove('enhanced'))
  }
}

enhanceAll()
document.addEventListener('procwarden:fresh', enhanceAll)
