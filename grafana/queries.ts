/**
 * Owns reading PromQL back out of a dashboard's JSON, so that each query can be run against a Prometheus without Grafana.
 * Never runs one.
 */
import { z } from 'zod'

const Target = z.object({ refId: z.string(), expr: z.string(), instant: z.boolean().optional() })
const PanelJson = z.object({ id: z.number(), type: z.string(), title: z.string(), targets: z.array(Target).default([]) })

/** As much of a dashboard's JSON as its queries need. */
export const DashboardJson = z.object({
  uid: z.string(),
  panels: z.array(PanelJson),
  templating: z.object({ list: z.array(z.object({ name: z.string(), type: z.string(), query: z.unknown() })) }),
  annotations: z.object({ list: z.array(z.object({ name: z.string(), expr: z.string().optional() })) }),
})
export type DashboardJson = z.infer<typeof DashboardJson>

export interface DashboardQuery {
  /** Where it stands: `panel "Files created by folder" A`, `variable "instance"` or `annotation "Alerts"`. */
  readonly place: string
  /** PromQL with Grafana's variables still in it. */
  readonly expr: string
  /** Whether Grafana asks for one moment; else for a range. */
  readonly instant: boolean
}

/** Every PromQL query of the dashboard (the parsed JSON or what the builder returns). Throws when it is no dashboard. */
export function listQueries(dashboard: unknown): DashboardQuery[] {
  const { panels, templating, annotations } = DashboardJson.parse(dashboard)
  return [
    ...templating.list.filter((variable) => variable.type === 'query').map((variable) => variableQuery(variable.name, variable.query)),
    ...annotations.list.flatMap(({ name, expr }) => (expr === undefined ? [] : [{ place: `annotation "${name}"`, expr, instant: false }])),
    ...panels.flatMap((panel) =>
      panel.targets.map((target) => ({
        place: `panel "${panel.title}" ${target.refId}`,
        expr: target.expr,
        instant: target.instant === true,
      })),
    ),
  ]
}

/** label_values() is Grafana's own; the same names come from grouping the selected series. */
function variableQuery(name: string, query: unknown): DashboardQuery {
  const text = z.object({ query: z.string() }).parse(query).query
  const match = /^label_values\((?<selector>.+),\s*(?<label>\w+)\)$/.exec(text)
  const { selector, label } = match?.groups ?? {}
  if (selector === undefined || label === undefined)
    throw new Error(`the variable "${name}" does not ask label_values(SELECTOR,LABEL): ${text}`)
  return { place: `variable "${name}"`, expr: `group by (${label}) (${selector})`, instant: true }
}

/** What stands for Grafana's variables when a query runs without Grafana. */
const SUBSTITUTES: Readonly<Record<string, string>> = {
  __rate_interval: '1m',
  __interval: '15s',
  __range: '15m',
  instance: '.+',
  group: '.+',
}

/** The query with every variable replaced. `values` go before the usual ones. Throws when one is not known. */
export function substituteVariables(query: string, values: Readonly<Record<string, string>> = {}): string {
  return query.replaceAll(
    /\$(?:\{(?<braced>\w+)(?::\w+)?\}|(?<plain>\w+))/g,
    (whole, braced: string | undefined, plain: string | undefined) => {
      const name = braced ?? plain ?? ''
      const value = values[name] ?? SUBSTITUTES[name]
      if (value === undefined) throw new Error(`the variable ${whole} has no value: ${query}`)
      return value
    },
  )
}

/** Queries that may rightly return nothing, by place, and why. All others return series on a healthy installation. */
export const MAY_BE_EMPTY: Readonly<Record<string, string>> = {
  'annotation "Alerts"': 'nothing is wrong',
  'panel "What is firing" A': 'nothing is wrong',
  'panel "Alert to signal" A': 'no signal was sent since the remediator started',
  'panel "Files created by folder" A': 'nobody created a file within five minutes',
  'panel "Files created by process" A':
    'nobody created a file within five minutes, or the backend is chokidar, which does not know who did',
  'panel "Files created by program" A': 'nobody created a file lately, or the backend is chokidar, which does not know who did',
  'panel "CPU of the busiest programs" B': 'baselines are recorded once a minute, so the first takes a few minutes',
  'panel "CPU of the busiest programs" C': 'limits are recorded once a minute, so the first takes a few minutes',
  'panel "CPU as a share of the limit" A': 'needs five samples of a level that is recorded once a minute',
  'panel "Actions by outcome" A': 'the remediator has handled no alert since it started',
  'panel "Collectors" B': 'no collector failed',
  'panel "What is not seen" A': 'no cap was reached',
  'panel "What is not seen" B': 'every process may be read',
}
