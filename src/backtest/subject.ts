/** Owns naming whom a firing is about, from its labels. */
import type { Firing } from './replay.ts'

const NAMING = ['group', 'probe', 'service', 'directory', 'mountpoint', 'device', 'collector', 'check', 'policy']

/** Such as `postgres (pid 12) on db-1:9930`. */
export function nameOf({ labels }: Pick<Firing, 'labels'>): string {
  const name = NAMING.map((label) => labels[label]).find((value) => value !== undefined && value !== '')
  const pid = labels['pid'] === undefined ? '' : ` (pid ${labels['pid']})`
  const instance = labels['instance'] === undefined || labels['instance'] === 'csv' ? '' : labels['instance']
  if (name === undefined) return instance === '' ? '-' : instance
  return `${name}${pid}${instance === '' ? '' : ` on ${instance}`}`
}
