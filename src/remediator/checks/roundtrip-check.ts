/**
 * Owns the check `webhook-roundtrip`: a synthetic alert is given to Alertmanager, and must come back through the webhook and the
 * pipeline as an incident that is closed. Nothing is done about such an alert, whatever the policies say.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { messageOf } from '../../lib/errors.ts'
import { SYNTHETIC_ALERT } from '../synthetic.ts'
import type { CheckOf } from './definition.ts'
import { inMs } from './words.ts'
import { fillPlaces } from './places.ts'
import { failed, type Measured } from './result.ts'
import type { CheckTools } from './check-tools.ts'

const LOOK_EVERY_MS = 100
const POST_MS_MAX = 5_000
/** Alertmanager forgets it by itself, should nobody take it back. */
const LASTS_MS = 120_000

export async function runRoundtrip(check: CheckOf<'webhook-roundtrip'>, tools: CheckTools, signal: AbortSignal): Promise<Measured> {
  const address = new URL(fillPlaces('{{alertmanager}}/api/v2/alerts', tools.places))
  const nonce = randomUUID()
  const startMs = Date.now()
  const alert = {
    labels: {
      alertname: SYNTHETIC_ALERT,
      severity: 'info',
      remediate: 'notify',
      check: check.name,
      nonce,
      ...(tools.instance === undefined ? {} : { instance: tools.instance }),
    },
    annotations: { summary: 'procwarden checks the way from Alertmanager to its remediator; nothing is wrong.' },
    startsAt: new Date(startMs).toISOString(),
  }
  const began = performance.now()
  try {
    await give(address, { ...alert, endsAt: new Date(startMs + LASTS_MS).toISOString() }, signal)
  } catch (error) {
    signal.throwIfAborted()
    return failed(`Alertmanager at ${address.host} does not take an alert: ${messageOf(error)}.`, { requests: 1, errorRatio: 1 })
  }
  try {
    const cameBack = await waitUntil(() => tools.cameBack(nonce), check.within_seconds * 1000, signal)
    const seconds = (performance.now() - began) / 1000
    if (!cameBack)
      return failed(`The alert did not come back within ${check.within_seconds} s: look at the route and the receiver in Alertmanager.`, {
        requests: 1,
        errorRatio: 1,
      })
    const figures = { requests: 1, errorRatio: 0, latencyP95Seconds: seconds }
    return { outcome: 'passed', text: `The alert came back as a closed incident after ${inMs(seconds)}.`, figures }
  } finally {
    // Taken back; where that fails, it ends by itself.
    await give(address, { ...alert, endsAt: new Date().toISOString() }, signal).catch(() => undefined)
  }
}

async function give(address: URL, alert: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<void> {
  const response = await fetch(address, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([alert]),
    redirect: 'error',
    signal: AbortSignal.any([signal, AbortSignal.timeout(POST_MS_MAX)]),
  })
  await response.body?.cancel()
  if (!response.ok) throw new Error(`it answers ${response.status}`)
}

async function waitUntil(isTrue: () => boolean, ms: number, signal: AbortSignal): Promise<boolean> {
  const end = performance.now() + ms
  while (performance.now() < end) {
    if (isTrue()) return true
    await delay(LOOK_EVERY_MS, undefined, { signal })
  }
  return isTrue()
}
