/** Owns how a signal of a program is drawn: its level, its baseline, the band of seven days, the limit, and anomalies as points. */
import { LOWER, timeSeries } from '../panels/time-series.ts'
import type { Row } from '../layout.ts'
import { ONE_PROGRAM } from '../promql.ts'

export interface SignalPanelOptions {
  readonly width: number
  readonly signal: string
  readonly title: string
  readonly what: string
  readonly unit: string
}

/** The recorded series themselves, which alerts judge: graph and alert cannot disagree. */
export function signalPanel({ width, signal, title, what, unit }: SignalPanelOptions): Row['panels'][number] {
  const of = `signal="${signal}",${ONE_PROGRAM}`
  const recorded = (name: string): string => `max(procwarden:signal:${name}{${of}})`
  return {
    width,
    panel: timeSeries({
      title,
      description: `${what}. Dashed: the baseline and the limit above which five minutes are an anomaly. Shaded: the band of seven days, once learned. Points: anomalies.`,
      unit,
      queries: [
        { expr: recorded('level'), legend: 'now' },
        { expr: recorded('baseline'), legend: 'baseline' },
        { expr: `max(procwarden:signal:limit{${of}} < Inf)`, legend: 'limit' },
        { expr: `clamp_min(${recorded('lower')}, 0)`, legend: LOWER },
        { expr: recorded('upper'), legend: 'upper' },
        {
          expr: `max(procwarden:signal:level{${of}} and on (instance, job, group) (procwarden:signal:excess{${of}} or procwarden:signal:out_of_band{${of}}))`,
          legend: 'anomaly',
        },
      ],
      styles: [
        ['/^now$/', 'main'],
        ['/^baseline$/', 'baseline'],
        ['/^limit$/', 'limit'],
        [`/^${LOWER}$/`, 'lower'],
        ['/^upper$/', 'upper'],
        ['/^anomaly$/', 'anomaly'],
      ],
    }),
  }
}
