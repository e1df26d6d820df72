/** Owns how a panel's JSON says that things look: units, mappings, steps of colour, and what its overrides say of a series. */
import { z } from 'zod'
import type { DashboardPanel } from '../../test/support/dashboards.ts'
import { grafanaData } from '../../test/support/grafana-data.ts'
import { colorOf } from './svg.ts'

const Steps = z.object({ steps: z.array(z.object({ value: z.number().nullable(), color: z.string() })) })
const Mappings = z.array(z.object({ options: z.record(z.string(), z.looseObject({ text: z.string(), color: z.string().optional() })) }))
const Defaults = z.looseObject({
  unit: z.string().default('short'),
  decimals: z.number().optional(),
  min: z.number().optional(),
  max: z.number().optional(),
  noValue: z.string().default('No data'),
  thresholds: Steps.default({ steps: [] }),
  mappings: Mappings.default([]),
  custom: z
    .looseObject({
      drawStyle: z.string().default('line'),
      lineInterpolation: z.string().default('linear'),
      stacking: z.looseObject({ mode: z.string().default('none') }).prefault({}),
      thresholdsStyle: z.looseObject({ mode: z.string() }).optional(),
    })
    .prefault({}),
})
export type Defaults = z.infer<typeof Defaults>

export function defaultsOf(panel: DashboardPanel): Defaults {
  return Defaults.parse(panel.fieldConfig?.defaults ?? {})
}

/** What overrides say of a series or a column of this name, by property. */
export function overridesOf(panel: DashboardPanel, name: string): Map<string, unknown> {
  const properties = new Map<string, unknown>()
  for (const override of panel.fieldConfig?.overrides ?? []) {
    const { id, options } = override.matcher
    const fits = id === 'byRegexp' ? new RegExp(String(options).slice(1, -1)).test(name) : options === name
    if (fits) for (const property of override.properties) properties.set(property.id, property.value)
  }
  return properties
}

/** As Grafana writes a number with this unit. */
export function formatted(value: number, unit: string, decimals?: number): string {
  if (!Number.isFinite(value)) return String(value)
  const { prefix = '', text, suffix = '' } = grafanaData().getValueFormat(unit)(value, decimals ?? null)
  return `${prefix}${text}${suffix}`
}

/** Text and colour of a value, by its mapping or else by the highest step that it reaches. */
export function shownAs(value: number | string, defaults: Pick<Defaults, 'unit' | 'decimals' | 'mappings' | 'thresholds'>) {
  const mapped = defaults.mappings.map(({ options }) => options[String(value)]).find((option) => option !== undefined)
  const step =
    typeof value === 'number'
      ? defaults.thresholds.steps.findLast((candidate) => candidate.value === null || value >= candidate.value)
      : undefined
  const plain = typeof value === 'number' ? formatted(value, defaults.unit, defaults.decimals) : value
  return { text: mapped?.text ?? plain, color: colorOf(mapped?.color ?? step?.color ?? 'text') }
}

/** The same with what the column's override says. */
export function columnLook(
  panel: DashboardPanel,
  title: string,
): Pick<Defaults, 'unit' | 'decimals' | 'mappings' | 'thresholds'> & { width: number | undefined } {
  const properties = overridesOf(panel, title)
  return {
    unit: z.string().catch('string').parse(properties.get('unit')),
    decimals: z.number().optional().parse(properties.get('decimals')),
    mappings: Mappings.catch([]).parse(properties.get('mappings')),
    thresholds: Steps.catch({ steps: [] }).parse(properties.get('thresholds')),
    width: z.number().optional().parse(properties.get('custom.width')),
  }
}
