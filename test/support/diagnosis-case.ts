/** Owns making the case of a diagnosis from curves that a test draws. The present is second 100,000. */
import { NO_HOST, bareCase, type Case, type Curves } from '../../src/remediator/diagnosis/case.ts'
import type { Curve } from '../../src/remediator/diagnosis/curve.ts'

export const NOW = 100_000

/** A sample every `stepSeconds` over the last `seconds`; `value` is told how many seconds ago and how many since the first. */
export function drawn(seconds: number, value: (since: number, ago: number) => number, stepSeconds = 5): Curve {
  const points: Array<readonly [number, number]> = []
  for (let ago = seconds; ago >= 0; ago -= stepSeconds) points.push([NOW - ago, value(seconds - ago, ago)])
  return points
}

export const steady = (seconds: number, value: number, stepSeconds = 5): Curve => drawn(seconds, () => value, stepSeconds)
/** A counter that grows evenly. */
export const counter = (seconds: number, perSecond: number): Curve => drawn(seconds, (since) => since * perSecond)

export interface Drawing {
  readonly alert: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly process?: Readonly<Record<string, Curve>>
  readonly program?: Readonly<Record<string, Curve>>
  readonly probe?: Readonly<Record<string, Curve>>
  readonly more?: Partial<Case>
}

export function caseOf({ alert, labels = { group: 'app.py', pid: '42' }, annotations = {}, process, program, probe, more }: Drawing): Case {
  const facts = { name: alert, severity: 'critical', labels, annotations, startedAtSeconds: NOW }
  const curves = (of: Readonly<Record<string, Curve>> = {}): Curves => new Map(Object.entries(of))
  return {
    ...bareCase(facts, NOW, undefined),
    category: '',
    host: NO_HOST,
    process: curves(process),
    program: curves(program),
    probe: curves(probe),
    hasMetrics: true,
    ...more,
  }
}
