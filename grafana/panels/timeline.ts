/** Owns timelines: for each series a bar that tells which state it was in, and when. */
import { LegendDisplayMode, LegendPlacement, VisibilityMode } from '@grafana/grafana-foundation-sdk/common'
import * as common from '@grafana/grafana-foundation-sdk/common'
import {
  FieldColorBuilder,
  FieldColorModeId,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type Panel,
  type Threshold,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/statetimeline'
import { DATASOURCE, rangeQuery, textMappings, type PanelText, type Query, type Texts } from './panel.ts'

export interface TimelineOptions extends PanelText {
  readonly queries: readonly Query[]
  readonly steps: readonly Threshold[]
  readonly texts?: Texts
}

export function timeline(options: TimelineOptions): Panel {
  const builder = new PanelBuilder()
    .title(options.title)
    .description(options.description)
    .datasource(DATASOURCE)
    .unit(options.unit)
    .fillOpacity(60)
    .lineWidth(0)
    .rowHeight(0.8)
    .mergeValues(true)
    .showValue(VisibilityMode.Auto)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .thresholds(new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([...options.steps]))
    .legend(new common.VizLegendOptionsBuilder().showLegend(false).displayMode(LegendDisplayMode.List).placement(LegendPlacement.Bottom))
    .targets(options.queries.map((query, index) => rangeQuery(query, index)))
  if (options.noValue !== undefined) builder.noValue(options.noValue)
  if (options.texts !== undefined) builder.mappings(textMappings(options.texts))
  return builder.build()
}
