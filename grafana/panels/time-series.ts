/** Owns graphs over time: lines, steps and bars, limits dashed, bands filled, anomalies as points. */
import {
  GraphDrawStyle,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  LineInterpolation,
  SortOrder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
} from '@grafana/grafana-foundation-sdk/common'
import * as common from '@grafana/grafana-foundation-sdk/common'
import {
  FieldColorBuilder,
  FieldColorModeId,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type DynamicConfigValue,
  type Panel,
  type Threshold,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/timeseries'
import type { DataLink } from '../links.ts'
import { DATASOURCE, rangeQuery, type PanelText, type Query } from './panel.ts'

export interface TimeSeriesOptions extends PanelText {
  readonly queries: readonly Query[]
  /** `steps` for values that jump, `bars` and `area` for amounts that add up. */
  readonly shape?: 'lines' | 'steps' | 'bars' | 'area'
  readonly min?: number | 'any'
  readonly max?: number
  /** Drawn as lines across the graph. */
  readonly steps?: readonly Threshold[]
  /** How legends look that fit these regular expressions. */
  readonly styles?: ReadonlyArray<readonly [legends: string, style: LineStyle]>
  readonly link?: DataLink
}

/** `upper` is filled down to the line called `lower`. */
export type LineStyle = 'baseline' | 'limit' | 'anomaly' | 'lower' | 'upper' | 'main' | 'bad'

export function timeSeries(options: TimeSeriesOptions): Panel {
  const shape = options.shape ?? 'lines'
  const isStacked = shape === 'bars' || shape === 'area'
  const builder = new PanelBuilder()
    .title(options.title)
    .description(options.description)
    .datasource(DATASOURCE)
    .unit(options.unit)
    .lineWidth(1)
    .fillOpacity(isStacked ? 40 : 0)
    .showPoints(VisibilityMode.Never)
    .drawStyle(shape === 'bars' ? GraphDrawStyle.Bars : GraphDrawStyle.Line)
    .lineInterpolation(shape === 'steps' ? LineInterpolation.StepAfter : LineInterpolation.Linear)
    .stacking(new common.StackingConfigBuilder().mode(isStacked ? StackingMode.Normal : StackingMode.None).group('A'))
    .legend(
      new common.VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Bottom)
        .calcs(['lastNotNull', 'max']),
    )
    // oxlint-disable-next-line unicorn/no-array-sort -- a builder's method
    .tooltip(new common.VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic))
    .targets(options.queries.map((query, index) => rangeQuery(query, index)))
  if (options.min !== 'any') builder.min(options.min ?? 0)
  if (options.max !== undefined) builder.max(options.max)
  if (options.noValue !== undefined) builder.noValue(options.noValue)
  if (options.steps !== undefined) {
    builder
      .thresholds(new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([...options.steps]))
      .thresholdsStyle(new common.GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed))
  }
  for (const [legends, style] of options.styles ?? []) builder.overrideByRegexp(legends, STYLES[style])
  // As an override, for the SDK's own method takes links of dashboards only.
  if (options.link !== undefined) builder.overrideByRegexp('/.*/', [{ id: 'links', value: [options.link] }])
  return builder.build()
}

/** The name that a band's lower edge has to have for the upper one to be filled down to it. */
export const LOWER = 'lower'

const QUIET = [
  { id: 'custom.fillOpacity', value: 0 },
  { id: 'custom.lineStyle', value: { fill: 'dash', dash: [8, 6] } },
]

const STYLES: Readonly<Record<LineStyle, DynamicConfigValue[]>> = {
  main: [color('blue'), { id: 'custom.lineWidth', value: 2 }],
  bad: [color('red')],
  baseline: [color('text'), ...QUIET],
  limit: [color('orange'), ...QUIET],
  anomaly: [
    color('red'),
    { id: 'custom.drawStyle', value: GraphDrawStyle.Points },
    { id: 'custom.showPoints', value: VisibilityMode.Always },
    { id: 'custom.pointSize', value: 6 },
  ],
  lower: [color('super-light-blue'), { id: 'custom.lineWidth', value: 0 }],
  upper: [
    color('super-light-blue'),
    { id: 'custom.lineWidth', value: 0 },
    { id: 'custom.fillOpacity', value: 20 },
    { id: 'custom.fillBelowTo', value: LOWER },
  ],
}

function color(name: string): DynamicConfigValue {
  return { id: 'color', value: { mode: 'fixed', fixedColor: name } }
}
