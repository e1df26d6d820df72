/** Owns the timeline of alerts: a bar for each, in the colour of its severity. */
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { timeline } from '../panels/timeline.ts'

export interface AlertTimelineOptions {
  readonly title: string
  readonly description: string
  /** Which alerts, as a matcher list. */
  readonly alerts: string
  /** By which labels they are told apart; they are the legend as well. */
  readonly by: readonly string[]
}

export function alertTimeline({ title, description, alerts, by }: AlertTimelineOptions): Panel {
  return timeline({
    title,
    description,
    unit: 'short',
    queries: [
      {
        expr: `max by (${by.join(', ')}) (2 * ALERTS{${alerts},severity="critical"} or ALERTS{${alerts},severity="warning"})`,
        legend: by.map((label) => `{{${label}}}`).join(' '),
      },
    ],
    steps: [
      { value: null, color: 'text' },
      { value: 1, color: 'orange' },
      { value: 2, color: 'red' },
    ],
    texts: { '1': { text: 'warning', color: 'orange' }, '2': { text: 'critical', color: 'red' } },
    noValue: 'nothing fired',
  })
}
