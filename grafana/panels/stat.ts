/** Owns single numbers: one for each series, with a text instead of the number where that says more. */
import { BigValueColorMode, BigValueGraphMode, BigValueTextMode } from '@grafana/grafana-foundation-sdk/common'
import * as common from '@grafana/grafana-foundation-sdk/common'
import { ThresholdsConfigBuilder, ThresholdsMode, type Panel, type Threshold } from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/stat'
import { DATASOURCE, instantQuery, textMappings, type PanelText, type Query, type Texts } from './panel.ts'

export interface StatOptions extends PanelText {
  readonly queries: readonly Query[]
  /** From the lowest on; the first one has the value null. */
  readonly steps: readonly Threshold[]
  readonly texts?: Texts
  /** Shows the legend instead of the value. */
  readonly namesOnly?: boolean
  readonly decimals?: number
}

export function stat(options: StatOptions): Panel {
  const builder = new PanelBuilder()
    .title(options.title)
    .description(options.description)
    .datasource(DATASOURCE)
    .unit(options.unit)
    .graphMode(BigValueGraphMode.None)
    .colorMode(BigValueColorMode.Value)
    .textMode(options.namesOnly === true ? BigValueTextMode.Name : BigValueTextMode.Auto)
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false))
    .thresholds(new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([...options.steps]))
    .targets(options.queries.map((query, index) => instantQuery(query, index)))
  if (options.noValue !== undefined) builder.noValue(options.noValue)
  if (options.decimals !== undefined) builder.decimals(options.decimals)
  if (options.texts !== undefined) builder.mappings(textMappings(options.texts))
  return builder.build()
}

/** How many there are of something, as a panel of this width. */
export function count(width: number, title: string, description: string, expr: string, steps: readonly Threshold[]) {
  return { width, panel: stat({ title, description, unit: 'short', decimals: 0, queries: [{ expr }], steps }) }
}
