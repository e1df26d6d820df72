/** Owns what browsers are told about every answer of the console, and which requests of theirs come from a page of its own. */
import type { IncomingMessage } from 'node:http'

/** No script or style but files of our own, no frame, no form that leads elsewhere, nothing kept by caches. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  // Without any referrer a browser would not tell where a form comes from either.
  'Referrer-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
  'Cache-Control': 'no-store',
}

/**
 * Whether a form may act. Another port of this host is the same site to cookies, and another origin here. Browsers tell where a
 * request comes from by Sec-Fetch-Site, older ones by Origin; one that tells neither has to know the form's own secret.
 */
export function isOwnForm({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin') return false
  const { origin, host = '' } = headers
  return origin === undefined || origin.replace(/^https?:\/\//, '').toLowerCase() === host.toLowerCase()
}

/** Whether a page of another origin asks for this one as a part of itself; a link that a person follows is none. */
export function isForeignEmbed({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site']
  if (site === undefined || site === 'same-origin' || site === 'none') return false
  return headers['sec-fetch-mode'] !== 'navigate' || (headers['sec-fetch-dest'] ?? 'document') !== 'document'
}

/** Whether a link on another site led here: such a request carries no SameSite=Strict cookie, though the person may be signed in. */
export function isFollowedLink({ headers }: IncomingMessage): boolean {
  return headers['sec-fetch-site'] === 'cross-site' && headers['sec-fetch-mode'] === 'navigate'
}
