/** Owns how moments and spans of time are written: exact in UTC, and how long ago in words. */
import { html, type Html } from './html.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** `2026-11-25 12:50:39 UTC` */
export function exactTime(iso: string): string {
  return `${iso.slice(0, 19).replace('T', ' ')} UTC`
}

/** How long ago, with the exact time as its title; the script keeps it fresh. */
export function timeAgo(iso: string, nowMs: number): Html {
  return html`<time datetime="${iso}" title="${exactTime(iso)}" data-ago>${relativeTime(Date.parse(iso) - nowMs)}</time>`
}

/** When something will be, with the exact time as its title. */
export function timeAhead(atMs: number, nowMs: number): Html {
  const iso = new Date(atMs).toISOString()
  return html`<time datetime="${iso}" title="${exactTime(iso)}" data-ago>${relativeTime(atMs - nowMs)}</time>`
}

/** `12 s ago`, `in 4 min`, `3 d ago`; assets/console.js says the same. */
export function relativeTime(ms: number): string {
  const span = spanText(Math.abs(ms))
  if (span === '0 s') return 'now'
  return ms < 0 ? `${span} ago` : `in ${span}`
}

/** Two units at most: `1 h 5 min`. */
export function spanText(ms: number): string {
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`
  if (ms < DAY) return withRest(Math.floor(ms / HOUR), 'h', Math.floor((ms % HOUR) / MINUTE), 'min')
  return withRest(Math.floor(ms / DAY), 'd', Math.floor((ms % DAY) / HOUR), 'h')
}

function withRest(whole: number, unit: string, rest: number, restUnit: string): string {
  return rest === 0 || whole >= 10 ? `${whole} ${unit}` : `${whole} ${unit} ${rest} ${restUnit}`
}
