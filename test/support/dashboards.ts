/** Owns reading the committed dashboards as Grafana would: the JSON, and not the builders behind it. */
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'

const FOLDER = path.resolve(import.meta.dirname, '../../grafana')

const Link = z.looseObject({ title: z.string(), url: z.string().optional(), keepTime: z.boolean(), includeVars: z.boolean() })
const Property = z.object({ id: z.string(), value: z.unknown() })

const Panel = z.object({
  id: z.int().min(1),
  type: z.string(),
  title: z.string().min(1),
  description: z.string().optional(),
  gridPos: z.object({ x: z.int().min(0), y: z.int().min(0), w: z.int().min(1), h: z.int().min(1) }),
  datasource: z.unknown().optional(),
  fieldConfig: z
    .object({
      defaults: z.looseObject({ unit: z.string().optional() }),
      overrides: z.array(z.object({ matcher: z.object({ id: z.string(), options: z.unknown() }), properties: z.array(Property) })),
    })
    .optional(),
  targets: z
    .array(z.looseObject({ refId: z.string(), expr: z.string(), datasource: z.unknown(), format: z.string().optional() }))
    .default([]),
  options: z
    .looseObject({
      textMode: z.string().optional(),
      sortBy: z.array(z.looseObject({ displayName: z.string(), desc: z.boolean().optional() })).optional(),
    })
    .optional(),
  transformations: z.array(z.object({ id: z.string(), options: z.unknown() })).default([]),
})
export type DashboardPanel = z.infer<typeof Panel>

const Variable = z.object({
  name: z.string(),
  type: z.string(),
  query: z.unknown(),
  current: z.looseObject({ value: z.unknown() }).optional(),
})

const Dashboard = z.looseObject({
  uid: z.string(),
  title: z.string(),
  editable: z.boolean(),
  schemaVersion: z.int(),
  links: z.array(Link),
  panels: z.array(Panel),
  templating: z.object({ list: z.array(Variable) }),
  annotations: z.object({ list: z.array(z.looseObject({ name: z.string(), datasource: z.unknown(), expr: z.string().optional() })) }),
})
export type CommittedDashboard = z.infer<typeof Dashboard> & { readonly text: string; readonly json: unknown }

/** Those that Grafana is provisioned with, or those for importing by hand. */
export function committedDashboards(folder: 'dashboards' | 'import' = 'dashboards'): CommittedDashboard[] {
  return readdirSync(path.join(FOLDER, folder))
    .toSorted()
    .map((name) => {
      const text = readFileSync(path.join(FOLDER, folder, name), 'utf8')
      const json: unknown = JSON.parse(text)
      return { ...Dashboard.parse(json), text, json }
    })
}

/** What shows something: rows are headings. */
export function shownPanels(dashboard: CommittedDashboard): DashboardPanel[] {
  return dashboard.panels.filter((panel) => panel.type !== 'row')
}
