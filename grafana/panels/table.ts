/** Owns tables: several queries become columns of the same rows, in a given order, under names for people. */
import { ThresholdsConfigBuilder, ThresholdsMode, type DynamicConfigValue, type Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import type { Threshold } from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/table'
import type { DataLink } from '../links.ts'
import { DATASOURCE, STEPS, refId, tableQuery, textMappings, type PanelText, type Texts } from './panel.ts'

export interface Column {
  /** A label of the answer, or the index of the query whose values it has. */
  readonly from: string | number
  readonly title: string
  /** Of values; text when left out. */
  readonly unit?: string
  readonly decimals?: number
  /** In pixels. */
  readonly width?: number
  readonly link?: DataLink
  /** Colours the text by the value. */
  readonly steps?: readonly Threshold[]
  readonly texts?: Texts
}

export interface TableOptions extends PanelText {
  /** PromQL. All answers have the labels by which rows belong together; one may have more than the others. */
  readonly queries: readonly string[]
  readonly columns: readonly Column[]
  /** The title of the column that rows are sorted by, highest first unless `ascending`. */
  readonly sortBy?: { readonly column: string; readonly ascending?: boolean }
}

export function table(options: TableOptions): Panel {
  const { queries, columns, sortBy } = options
  const builder = new PanelBuilder()
    .title(options.title)
    .description(options.description)
    .datasource(DATASOURCE)
    .unit(options.unit)
    .thresholds(new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([...STEPS.plain]))
    .targets(queries.map((expr, index) => tableQuery({ expr }, index)))
  if (options.noValue !== undefined) builder.noValue(options.noValue)
  if (queries.length > 1) {
    builder
      // Rows belong together by their labels alone.
      .withTransformation({ id: 'filterFieldsByName', options: { exclude: { names: ['Time'] } } })
      .withTransformation({ id: 'merge', options: {} })
  }
  const fieldOf = (column: Column): string => fieldName(column, queries.length)
  builder
    // Labels that nobody asked for, such as those of a user's own Prometheus, would be columns as well.
    .withTransformation({ id: 'filterFieldsByName', options: { include: { names: columns.map(fieldOf) } } })
    .withTransformation({
      id: 'organize',
      options: {
        excludeByName: {},
        indexByName: Object.fromEntries(columns.map((column, index) => [fieldOf(column), index])),
        renameByName: Object.fromEntries(columns.map((column) => [fieldOf(column), column.title])),
      },
    })
  if (sortBy !== undefined) builder.sortBy([{ build: () => ({ displayName: sortBy.column, desc: sortBy.ascending !== true }) }])
  for (const column of columns) builder.overrideByName(column.title, look(column))
  return builder.build()
}

/** As Grafana's Prometheus datasource names it: with several tables in a panel, values carry the query's id. */
function fieldName({ from }: Column, queries: number): string {
  if (typeof from === 'string') return from
  return queries === 1 ? 'Value' : `Value #${refId(from)}`
}

function look({ unit, decimals, width, link, steps, texts }: Column): DynamicConfigValue[] {
  const properties: DynamicConfigValue[] = [{ id: 'unit', value: unit ?? 'string' }]
  if (decimals !== undefined) properties.push({ id: 'decimals', value: decimals })
  if (width !== undefined) properties.push({ id: 'custom.width', value: width })
  if (link !== undefined) properties.push({ id: 'links', value: [link] })
  if (texts !== undefined) properties.push({ id: 'mappings', value: textMappings(texts) })
  if (steps !== undefined) properties.push({ id: 'thresholds', value: { mode: ThresholdsMode.Absolute, steps: [...steps] } })
  if (steps !== undefined || texts !== undefined) properties.push({ id: 'custom.cellOptions', value: { type: 'color-text' } })
  return properties
}
