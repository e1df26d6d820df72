/** Owns what all panels have in common: the datasource variable, texts, queries with ids, steps of colour. Never places them. */
import type { Threshold, ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard'
import { MappingType } from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus'

/** Every panel asks the datasource that the first variable names. */
export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' }

export interface Query {
  readonly expr: string
  readonly legend?: string
}

export interface PanelText {
  readonly title: string
  readonly description: string
  /** Grafana's unit id, such as `s`, `short` or `suffix: cores`. */
  readonly unit: string
  /** What stands there when the queries return nothing. */
  readonly noValue?: string
}

/** Steps from the lowest on; the first one has the value null. Colour is for what wants a look, and for nothing else. */
export const STEPS = {
  zeroIsGood: [
    { value: null, color: 'green' },
    { value: 1, color: 'red' },
  ],
  zeroIsPlain: [
    { value: null, color: 'text' },
    { value: 1, color: 'orange' },
  ],
  zeroIsBad: [
    { value: null, color: 'red' },
    { value: 1, color: 'green' },
  ],
  share: [
    { value: null, color: 'text' },
    { value: 0.8, color: 'orange' },
    { value: 0.9, color: 'red' },
  ],
  plain: [{ value: null, color: 'text' }],
} satisfies Record<string, readonly Threshold[]>

export type Texts = Readonly<Record<string, { readonly text: string; readonly color: string }>>

/** Texts for exact values. */
export function textMappings(texts: Texts): ValueMapping[] {
  return [{ type: MappingType.ValueToText, options: { ...texts } }]
}

export function rangeQuery(query: Query, index: number): DataqueryBuilder {
  return withLegend(query, index).range()
}

export function instantQuery(query: Query, index: number): DataqueryBuilder {
  return withLegend(query, index).instant()
}

/** Labels become columns. */
export function tableQuery(query: Query, index: number): DataqueryBuilder {
  return instantQuery(query, index).format(PromQueryFormat.Table)
}

/** A for the first query, B for the second, ... */
export function refId(index: number): string {
  return String.fromCodePoint('A'.charCodeAt(0) + index)
}

function withLegend({ expr, legend }: Query, index: number): DataqueryBuilder {
  const builder = new DataqueryBuilder().datasource(DATASOURCE).refId(refId(index)).expr(expr.trim())
  return legend === undefined ? builder : builder.legendFormat(legend)
}
