// Owns the chart that can be pointed at and zoomed into; it takes the place of the picture that the server drew.

/** The script before this one puts it there. @type {any} */
const { uPlot } = /** @type {any} */ (globalThis)

const REFRESH_MS = 15_000
const HEIGHT_WIDE = 280
const HEIGHT_NARROW = 240
const NARROW = 560

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

/**
 * @param {Evidence} evidence
 * @param {number} top
 * @param {number} width
 */
function optionsOf({ unit, moments }, top, width) {
  const quiet = colour('--quiet')
  const grid = { stroke: colour('--line'), width: 1 }
  const text = (/** @type {unknown} */ _chart, /** @type {number | null} */ value) => valueText(value, unit)
  const axis = { stroke: quiet, grid, ticks: grid, font: '11.5px system-ui, sans-serif' }
  return {
    width,
    height: width < NARROW ? HEIGHT_NARROW : HEIGHT_WIDE,
    tzDate: (/** @type {number} */ seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
    padding: [22, 12, 0, 0],
    scales: { y: { range: () => [0, top] } },
    cursor: { points: { size: 6 } },
    axes: [
      axis,
      {
        ...axis,
        size: 62,
        values: (/** @type {unknown} */ _chart, /** @type {number[]} */ ticks) => ticks.map((tick) => valueText(tick, unit)),
      },
    ],
    series: [
      { label: 'UTC', value: '{HH}:{mm}:{ss}' },
      { label: 'measured', stroke: colour('--accent'), width: 2, value: text },
      { label: 'baseline', stroke: quiet, width: 1.3, dash: [6, 4], value: text, points: { show: false } },
      { label: 'limit', stroke: colour('--bad'), width: 1.5, dash: [2, 3], value: text, points: { show: false } },
      { label: 'normal from', stroke: 'transparent', width: 0, value: text, points: { show: false } },
      { label: 'normal to', stroke: 'transparent', width: 0, value: text, points: { show: false } },
    ],
    bands: [{ series: [5, 4], fill: colour('--band') }],
    hooks: { draw: [(/** @type {any} */ chart) => drawMoments(chart, moments)] },
  }
}

/**
 * @param {any} chart
 * @param {Evidence['moments']} moments
 */
function drawMoments(chart, moments) {
  const { ctx, bbox } = chart
  const ratio = devicePixelRatio
  ctx.save()
  ctx.font = `650 ${11 * ratio}px system-ui, sans-serif`
  ctx.textAlign = 'center'
  ctx.fillStyle = ctx.strokeStyle = colour('--text')
  for (const [index, { at }] of moments.entries()) {
    const x = chart.valToPos(at, 'x', true)
    if (x < bbox.left || x > bbox.left + bbox.width) continue
    const row = (index % 2 === 0 ? 12 : 2) * ratio
    ctx.globalAlpha = 0.55
    ctx.beginPath()
    ctx.moveTo(x, bbox.top - row + 3 * ratio)
    ctx.lineTo(x, bbox.top + bbox.height)
    ctx.stroke()
    ctx.globalAlpha = 1
    ctx.fillText(String(index + 1), x, bbox.top - row)
  }
  ctx.restore()
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
    chart = new uPlot(optionsOf(shown.evidence, shown.top, place.clientWidth), dataOf(shown.evidence), holder)
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
