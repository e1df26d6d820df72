/**
 * Owns reading PromQL back out of a dashboard's JSON, so that each query can be run against a Prometheus without Grafana.
 * Never runs one.
 */
import { z } from 'zod'

const Target = z.object({ refId: z.string(), expr: z.string(), instant: z.boolean().optional(), legendFormat: z.string().optional() })
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
  /** The dashboard's uid. */
  readonly uid: string
  /** Where it stands: `procwarden-files: panel "By folder" A`, `...: variable "instance"` or `...: annotation "Alerts"`. */
  readonly place: string
  /** PromQL with Grafana's variables still in it. */
  readonly expr: string
  /** Whether Grafana asks for one moment; else for a range. */
  readonly instant: boolean
  readonly legend?: string | undefined
}

/** Every PromQL query of the dashboard (the parsed JSON or what the builder returns). Throws when it is no dashboard. */
export function listQueries(dashboard: unknown): DashboardQuery[] {
  const { uid, panels, templating, annotations } = DashboardJson.parse(dashboard)
  const variables = templating.list
    .filter((variable) => variable.type === 'query')
    .map((variable) => ({ place: `variable "${variable.name}"`, expr: variableQuery(variable.name, variable.query), instant: true }))
  const marks = annotations.list.flatMap(({ name, expr }) =>
    expr === undefined ? [] : [{ place: `annotation "${name}"`, expr, instant: false }],
  )
  const targets = panels.flatMap((panel) =>
    panel.targets.map(({ refId, expr, instant, legendFormat }) => ({
      place: `panel "${panel.title}" ${refId}`,
      expr,
      instant: instant === true,
      legend: legendFormat,
    })),
  )
  return [...variables, ...marks, ...targets].map((query) => ({ ...query, uid, place: `${uid}: ${query.place}` }))
}

/** label_values() is Grafana's own; the same names come from grouping the selected series. */
function variableQuery(name: string, query: unknown): string {
  const text = z.object({ query: z.string() }).parse(query).query
  const match = /^label_values\((?<selector>.+),\s*(?<label>\w+)\)$/.exec(text)
  const { selector, label } = match?.groups ?? {}
  if (selector === undefined || label === undefined)
    throw new Error(`the variable "${name}" does not ask label_values(SELECTOR,LABEL): ${text}`)
  return `group by (${label}) (${selector})`
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
  // `$1` is a group of a regular expression, in label_replace().
  return query.replaceAll(
    /\$(?:\{(?<braced>[a-z_]\w*)(?::\w+)?\}|(?<plain>[a-z_]\w*))/gi,
    (whole, braced: string | undefined, plain: string | undefined) => {
      const name = braced ?? plain ?? ''
      const value = values[name] ?? SUBSTITUTES[name]
      if (value === undefined) throw new Error(`the variable ${whole} has no value: ${query}`)
      return value
    },
  )
}
