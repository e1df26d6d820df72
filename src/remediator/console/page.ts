/** Owns what a page is: who visits it, and what it gives back to be put into the frame that all pages share. */
import type { Request } from 'express'
import type { Html } from './html.ts'
import type { Session } from './sessions.ts'

export const SECTIONS = {
  incidents: { path: '/', title: 'Incidents' },
  anomalies: { path: '/anomalies', title: 'Anomalies' },
  cooldowns: { path: '/cooldowns', title: 'Cooldowns' },
  checks: { path: '/checks', title: 'Checks' },
  policies: { path: '/policies', title: 'Policies' },
  audit: { path: '/audit', title: 'Audit' },
} as const
export type Section = keyof typeof SECTIONS

export interface Visit {
  readonly request: Request
  readonly session: Session
  readonly mayAct: boolean
  readonly nowMs: number
}

export interface PageContent {
  readonly title: string
  readonly section: Section
  readonly body: Html
  readonly status?: number
  /** Whether uPlot is needed. */
  readonly hasChart?: boolean
}

export type Page = (visit: Visit) => PageContent | Promise<PageContent>

/** The first value of a query parameter, bounded; undefined when it is absent or empty. */
export function parameter({ request }: Pick<Visit, 'request'>, name: string): string | undefined {
  const value: unknown = request.query[name]
  const first: unknown = Array.isArray(value) ? value[0] : value
  return typeof first === 'string' && first.trim() !== '' ? first.trim().slice(0, 200) : undefined
}

/** `path?a=b`, without the parameters that have no value. */
export function address(path: string, parameters: Readonly<Record<string, string | undefined>>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined && value !== '') query.set(name, value)
  return query.size === 0 ? path : `${path}?${query.toString()}`
}
