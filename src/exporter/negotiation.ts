/** Owns understanding what a scraper asks for: the format, compression and which collectors. Never answers anything. */
import type { ExpositionFormat } from './exposition.ts'

/** A header longer than this is nobody's scraper. */
const ACCEPT_CHARACTERS_MAX = 4096

/**
 * OpenMetrics when the Accept header (RFC 9110, 12.5.1) names it at least as gladly as plain text; plain text for everyone
 * else, also for those who take anything.
 */
export function negotiateFormat(accept: string | undefined): ExpositionFormat {
  if (accept === undefined || accept.length > ACCEPT_CHARACTERS_MAX) return 'text'
  const quality = { text: 0, openmetrics: 0 }
  for (const range of accept.split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
    const format = formatOf(type, parameterOf(parameters, 'version'))
    if (format !== undefined) quality[format] = Math.max(quality[format], qualityOf(parameters))
  }
  return quality.openmetrics > 0 && quality.openmetrics >= quality.text ? 'openmetrics' : 'text'
}

/** Whether the Accept-Encoding header (RFC 9110, 12.5.3) takes gzip. Without the header nothing is compressed. */
export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  if (acceptEncoding === undefined || acceptEncoding.length > ACCEPT_CHARACTERS_MAX) return false
  const quality = new Map<string, number>()
  for (const entry of acceptEncoding.split(',')) {
    const [coding = '', ...parameters] = entry.split(';').map((part) => part.trim().toLowerCase())
    quality.set(coding, qualityOf(parameters))
  }
  return (quality.get('gzip') ?? quality.get('x-gzip') ?? quality.get('*') ?? 0) > 0
}

/** The collectors asked for by `collect[]=NAME`, once or more; undefined when none is. `url` is a request's path and query. */
export function collectorsOf(url: string): ReadonlySet<string> | undefined {
  const query = url.indexOf('?')
  const names = query < 0 ? [] : new URLSearchParams(url.slice(query)).getAll('collect[]')
  return names.length === 0 ? undefined : new Set(names)
}

function formatOf(type: string, version: string | undefined): ExpositionFormat | undefined {
  if (type === 'application/openmetrics-text') return version === undefined || version === '1.0.0' ? 'openmetrics' : undefined
  if (type === 'text/plain') return version === undefined || version === '0.0.4' ? 'text' : undefined
  return undefined
}

function qualityOf(parameters: readonly string[]): number {
  const text = parameterOf(parameters, 'q')
  if (text === undefined) return 1
  return /^[01](\.\d{0,3})?$/.test(text) ? Math.min(1, Number(text)) : 0
}

function parameterOf(parameters: readonly string[], name: string): string | undefined {
  return parameters
    .find((parameter) => parameter.startsWith(`${name}=`))
    ?.slice(name.length + 1)
    .replaceAll('"', '')
}
