/** Owns what tests of people's answers say to a remediator, and read of it: routes by the webhook's token, one incident as a whole. */
import type { WholeIncident } from '../../src/remediator/incident-view.ts'
import { settledIncident, type TestRemediator } from './remediator.ts'

export function call(remediator: TestRemediator, route: string, body?: Readonly<Record<string, unknown>>): Promise<Response> {
  const headers = { authorization: `Bearer ${remediator.token}`, 'content-type': 'application/json' }
  return fetch(`${remediator.url}${route}`, body === undefined ? { headers } : { headers, method: 'POST', body: JSON.stringify(body) })
}

export const answer = (remediator: TestRemediator, id: string, verb: string, body: Readonly<Record<string, unknown>> = {}) =>
  call(remediator, `/api/incidents/${id}/${verb}`, body)

/** The incident with its questions, quarantines and escalations. */
export const wholeIncident = async (remediator: TestRemediator, id: string): Promise<WholeIncident> =>
  (await (await call(remediator, `/api/incidents/${id}`)).json()) as WholeIncident

export const asked = (remediator: TestRemediator) => settledIncident(remediator, ['awaiting_approval'])
