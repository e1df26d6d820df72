/** Owns what all panels have in common: the datasource variable, queries with ids, legends and colours. Never places them. */
import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  GraphDrawStyle,
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
  MappingType,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type Panel,
  type Threshold,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus'
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table'
import { PanelBuilder as TimeSeriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries'

/** Every panel asks the datasource that the first variable names. */
export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' }

export interface Query {
  readonly expr: string
  readonly legend?: string
}

interface PanelText {
  readonly title: string
  readonly description: string
  /** Grafana's unit id, such as `s`, `short` or `suffix: cores`. */
  readonly unit: string
}

export interface TimeSeriesOptions extends PanelText {
  readonly queries: readonly Query[]
  /** `steps` for values that jump, `bars` for amounts that add up. */
  readonly shape?: 'lines' | 'steps' | 'bars'
  readonly min?: number
  /** Legends that are drawn as a dashed line: limits and baselines. */
  readonly dashedLegends?: string
  readonly noValue?: string
}

export function timeSeries(options: TimeSeriesOptions): Panel {
  const shape = options.shape ?? 'lines'
  const builder = new TimeSeriesBuilder()
    .title(options.title)
    .description(options.description)
    .datasource(DATASOURCE)
    .unit(options.unit)
    .min(options.min ?? 0)
    .lineWidth(1)
    .fillOpacity(shape === 'bars' ? 60 : 10)
    .showPoints(VisibilityMode.Never)
    .drawStyle(shape === 'bars' ? GraphDrawStyle.Bars : GraphDrawStyle.Line)
    .lineInterpolation(shape === 'steps' ? LineInterpolation.StepAfter : LineInterpolation.Linear)
    .stacking(new common.StackingConfigBuilder().mode(shape === 'bars' ? StackingMode.Normal : StackingMode.None).group('A'))
    .legend(
      new common.VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Bottom)
        .calcs(['lastNotNull', 'max']),
    )
    // oxlint-disable-next-line unicorn/no-array-sort -- a builder's method
    .tooltip(new common.VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
    .targets(options.queries.map((query, index) => rangeQuery(query, index)))
  if (options.noValue !== undefined) builder.noValue(options.noValue)
  if (options.dashedLegends !== undefined) {
    builder.overrideByRegexp(options.dashedLegends, [
      { id: 'custom.lineStyle', value: { fill: 'dash', dash: [8, 8] } },
      { id: 'custom.fillOpacity', value: 0 },
    ])
  }
  return builder.build()
}

export interface StatOptions extends PanelText {
  readonly queries: readonly Query[]
  /** From the lowest on; the first one has the value null. */
  readonly steps: readonly Threshold[]
  /** Texts for exact values. */
  readonly texts?: Readonly<Record<string, { readonly text: string; readonly color: string }>>
  /** Shows the legend instead of the value. */
  readonly namesOnly?: boolean
  readonly noValue?: string
}

export function stat(options: StatOptions): Panel {
  const builder = new StatBuilder()
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
  if (options.texts !== undefined) {
    const mapping: ValueMapping = { type: MappingType.ValueToText, options: { ...options.texts } }
    builder.mappings([mapping])
  }
  return builder.build()
}

export interface TableOptions extends PanelText {
  readonly query: Query
  /** The labels to show, in this order; the rest is hidden. */
  readonly columns: readonly string[]
  readonly noValue: string
}

export function table(options: TableOptions): Panel {
  const shown = Object.fromEntries(options.columns.map((column, index) => [column, index]))
  return new TableBuilder()
    .title(options.title)
    .description(options.description)
    .datasource(DATASOURCE)
    .unit(options.unit)
    .noValue(options.noValue)
    .withTarget(instantQuery(options.query, 0).format(PromQueryFormat.Table))
    .withTransformation({
      id: 'organize',
      options: { includeByName: Object.fromEntries(options.columns.map((column) => [column, true])), indexByName: shown },
    })
    .build()
}

export const STEPS = {
  zeroIsGood: [
    { value: null, color: 'green' },
    { value: 1, color: 'red' },
  ],
  zeroIsBad: [
    { value: null, color: 'red' },
    { value: 1, color: 'green' },
  ],
  plain: [{ value: null, color: 'text' }],
} satisfies Record<string, readonly Threshold[]>

function rangeQuery(query: Query, index: number): DataqueryBuilder {
  return withLegend(new DataqueryBuilder().datasource(DATASOURCE).refId(refId(index)).expr(query.expr).range(), query)
}

function instantQuery(query: Query, index: number): DataqueryBuilder {
  return withLegend(new DataqueryBuilder().datasource(DATASOURCE).refId(refId(index)).expr(query.expr).instant(), query)
}

function withLegend(builder: DataqueryBuilder, query: Query): DataqueryBuilder {
  return query.legend === undefined ? builder : builder.legendFormat(query.legend)
}

function refId(index: number): string {
  return String.fromCodePoint('A'.charCodeAt(0) + index)
}
