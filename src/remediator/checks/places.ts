/** Owns the places that checks may name instead of addresses, such as {{exporter}}: which there are, and putting them in. Pure. */
import { OperationalError } from '../../lib/errors.ts'

export const PLACES = ['exporter', 'remediator', 'prometheus', 'alertmanager', 'procwarden', 'state_dir'] as const
export type Place = (typeof PLACES)[number]
/** What is not known here is absent. Addresses have no slash at their end. */
export type Places = Readonly<Partial<Record<Place, string>>>

const PLACEHOLDER = /\{\{\s*(\w+)\s*\}\}/g

/** Names in double braces that stand for nothing. */
export function unknownPlaces(text: string): string[] {
  return [...text.matchAll(PLACEHOLDER)].flatMap(([, name = '']) => (isPlace(name) ? [] : [name]))
}

/** Throws OperationalError `unknown_place` for a place that is not known here. */
export function fillPlaces(text: string, places: Places): string {
  return text.replaceAll(PLACEHOLDER, (_all, name: string) => {
    const value = isPlace(name) ? places[name] : undefined
    if (value !== undefined) return value
    throw new OperationalError(`it is not known where ${name.replaceAll('_', ' ')} is${wayOut(name)}`, { reason: 'unknown_place' })
  })
}

function wayOut(name: string): string {
  const flag = { exporter: '--exporter.url', prometheus: '--prometheus.url', alertmanager: '--alertmanager.url' }[name]
  return flag === undefined ? '' : `: give ${flag}`
}

function isPlace(name: string): name is Place {
  return PLACES.some((place) => place === name)
}

/** An address as somebody on this machine reaches it: a server that listens everywhere is asked on loopback. */
export function reachable(url: string): string {
  const address = new URL(url)
  if (address.hostname === '0.0.0.0') address.hostname = '127.0.0.1'
  if (address.hostname === '[::]') address.hostname = '[::1]'
  return address.toString().replace(/\/$/, '')
}
