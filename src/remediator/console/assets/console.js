// Owns what pages do by themselves: keep times fresh, ask before what cannot be taken back, and show what is new. Without it,
// everything can be read and done as well.

const AGO_EVERY_MS = 10_000
/** Changes come in bursts: one look is enough for all of them. */
const LOOK_AFTER_MS = 300

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** The same words as the server's (time.ts). @param {number} ms */
function relativeTime(ms) {
  const span = spanText(Math.abs(ms))
  if (span === '0 s') return 'now'
  return ms < 0 ? `${span} ago` : `in ${span}`
}

/** @param {number} ms */
function spanText(ms) {
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`
  if (ms < DAY) return withRest(Math.floor(ms / HOUR), 'h', Math.floor((ms % HOUR) / MINUTE), 'min')
  return withRest(Math.floor(ms / DAY), 'd', Math.floor((ms % DAY) / HOUR), 'h')
}

/**
 * @param {number} whole
 * @param {string} unit
 * @param {number} rest
 * @param {string} restUnit
 */
function withRest(whole, unit, rest, restUnit) {
  return rest === 0 || whole >= 10 ? `${whole} ${unit}` : `${whole} ${unit} ${rest} ${restUnit}`
}

function freshenTimes() {
  for (const element of document.querySelectorAll('time[data-ago]')) {
    const at = Date.parse(element.getAttribute('datetime') ?? '')
    const text = relativeTime(at - Date.now())
    if (!Number.isNaN(at) && element.textContent !== text) element.textContent = text
  }
}

/** @param {SubmitEvent} event */
function askFirst(event) {
  const form = event.target
  const question = form instanceof HTMLFormElement ? form.dataset['question'] : undefined
  // oxlint-disable-next-line no-alert -- a dialog that needs no markup, and that a keyboard and a screen reader know
  if (question !== undefined && question !== '' && !confirm(question)) event.preventDefault()
}

/** Takes over what is new of a page: region by region, so that what a person has open or is about to press stays. @param {Document} fresh */
function takeOver(fresh) {
  document.title = fresh.title
  const regions = [...document.querySelectorAll('[data-region]')]
  const known = new Set(regions.map((region) => region.id))
  const there = [...fresh.querySelectorAll('[data-region]')].map((region) => region.id)
  const isSameShape = there.every((id) => known.has(id)) && regions.every((region) => there.includes(region.id))
  if (!isSameShape) return replace(document.querySelector('main'), fresh.querySelector('main'))
  for (const region of regions) {
    if (region.getAttribute('data-region') !== 'still') replace(region, fresh.getElementById(region.id))
  }
}

/**
 * @param {Element | null} old
 * @param {Element | null} fresh
 */
function replace(old, fresh) {
  if (old === null || fresh === null || likeness(old) === likeness(fresh) || isBeingFilledIn(old)) return
  const focused = document.activeElement
  const key = focused !== null && old.contains(focused) ? keyOf(focused) : undefined
  const open = new Set([...old.querySelectorAll('details[open]')].map((details) => details.id))
  old.replaceChildren(...[...fresh.childNodes].map((node) => document.importNode(node, true)))
  for (const details of old.querySelectorAll('details')) if (open.has(details.id)) details.open = true
  if (key === undefined) return
  const again = [...old.querySelectorAll('a, button, summary, select, input')].find((element) => keyOf(element) === key)
  if (again instanceof HTMLElement) again.focus({ preventScroll: true })
}

/** What an element says, without the words for how long ago, which are fresh already. @param {Element} element */
function likeness(element) {
  const copy = element.cloneNode(true)
  if (!(copy instanceof Element)) return ''
  for (const time of copy.querySelectorAll('time[data-ago]')) time.textContent = ''
  for (const details of copy.querySelectorAll('details')) details.removeAttribute('open')
  return copy.innerHTML
}

/** @param {Element} element */
function isBeingFilledIn(element) {
  const { activeElement } = document
  return (activeElement instanceof HTMLInputElement || activeElement instanceof HTMLSelectElement) && element.contains(activeElement)
}

/** @param {Element} element */
function keyOf(element) {
  const form = element.closest('form')
  return [element.tagName, element.getAttribute('href'), form?.getAttribute('action'), element.textContent?.trim()].join('|')
}

/** @param {string} state @param {string} text */
function tell(state, text) {
  const place = document.getElementById('live')
  if (place === null || (place.dataset['state'] === state && place.textContent === text)) return
  place.dataset['state'] = state
  place.textContent = text
}

async function look() {
  try {
    const response = await fetch(location.href, { headers: { 'X-Procwarden-Refresh': '1' }, credentials: 'same-origin' })
    if (response.status === 401) {
      tell('over', 'You are signed out: reload the page to sign in.')
      return
    }
    if (!response.ok) return
    takeOver(new DOMParser().parseFromString(await response.text(), 'text/html'))
    freshenTimes()
    document.dispatchEvent(new CustomEvent('procwarden:fresh'))
  } catch {
    tell('lost', 'Not live: procwarden does not answer. It is tried again.')
  }
}

/** Listens while the page is seen: a browser has only six connections to a host for all its pages. @param {string} address */
function follow(address) {
  /** @type {string | undefined} What the page shows, as the number of the newest entry of the audit trail. */
  let shown = document.body.dataset['seq']
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let soon
  /** @type {EventSource | undefined} */
  let events

  const open = () => {
    const source = new EventSource(address)
    source.addEventListener('open', () => tell('live', 'Live: what is new appears by itself.'))
    source.addEventListener('change', ({ data }) => {
      if (data === shown) return
      shown = data
      soon ??= setTimeout(() => {
        soon = undefined
        void look()
      }, LOOK_AFTER_MS)
    })
    source.addEventListener('error', () => {
      const isOver = source.readyState === EventSource.CLOSED
      tell('lost', isOver ? 'Not live: reload the page to see what is new.' : 'Not live: trying to connect again.')
    })
    events = source
  }
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) {
      events?.close()
      events = undefined
    } else if (events === undefined) open()
  })
  if (!document.hidden) open()
}

freshenTimes()
setInterval(freshenTimes, AGO_EVERY_MS)
document.addEventListener('submit', askFirst)
const { live } = document.body.dataset
if (live !== undefined) follow(live)
