/** Owns Grafana's own data code in tests: its units and its transformations. It expects a browser, and gets as little of one as it needs. */
import { createRequire } from 'node:module'
import { z } from 'zod'
import type * as GrafanaData from '@grafana/data'

type Grafana = typeof GrafanaData

let loaded: Grafana | undefined

/** Loading it takes a second or two. */
export function grafanaData(): Grafana {
  if (loaded !== undefined) return loaded
  // It reads properties of `window` while it is loaded; those of Node's global object are enough.
  Object.assign(globalThis, { window: globalThis })
  const data = createRequire(import.meta.url)('@grafana/data') as Grafana
  data.standardTransformersRegistry.setInit(() =>
    [
      data.standardTransformers.mergeTransformer,
      data.standardTransformers.filterFieldsByNameTransformer,
      data.standardTransformers.organizeFieldsTransformer,
    ].map((transformation) => ({ id: transformation.id, name: transformation.name, transformation, editor: () => null }) as never),
  )
  loaded = data
  return data
}

/** Every unit id that Grafana's unit picker has. */
export function grafanaUnits(): Set<string> {
  const Categories = z.array(z.looseObject({ submenu: z.array(z.looseObject({ value: z.string() })) }))
  return new Set(Categories.parse(grafanaData().getValueFormats()).flatMap(({ submenu }) => submenu.map(({ value }) => value)))
}

export interface InstantSeries {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [seconds: number, value: string]
}

const CellValue = z.union([z.string(), z.number(), z.null(), z.undefined()])
export type CellValue = z.infer<typeof CellValue>

/** What a table shows: its columns' titles from left to right, and each row's values under them. */
export interface ShownTable {
  readonly columns: readonly string[]
  readonly rows: ReadonlyArray<Readonly<Record<string, CellValue>>>
}

/** The panel's transformations, as Grafana does them, on the answers to its queries by refId. */
export async function transformed(
  transformations: ReadonlyArray<{ readonly id: string; readonly options: unknown }>,
  answers: ReadonlyMap<string, readonly InstantSeries[]>,
): Promise<ShownTable> {
  const { transformDataFrame, getFieldDisplayName } = grafanaData()
  const frames = [...answers].map(([refId, series]) => tableFrame(refId, series, answers.size))
  const result = await new Promise<GrafanaData.DataFrame[]>((resolve, reject) => {
    transformDataFrame([...transformations], frames).subscribe({ next: resolve, error: reject })
  })
  const [frame] = result
  if (frame === undefined) return { columns: [], rows: [] }
  const columns = frame.fields.map((field) => getFieldDisplayName(field, frame, result))
  const rows = Array.from({ length: frame.length }, (_, row) =>
    Object.fromEntries(frame.fields.map((field, index) => [columns[index] ?? '', CellValue.parse(field.values[row])])),
  )
  return { columns, rows }
}

/** As the Prometheus datasource turns an instant answer in the format table into a frame: Time, a column for each label, Value. */
function tableFrame(refId: string, series: readonly InstantSeries[], answers: number): GrafanaData.DataFrame {
  const { FieldType, toDataFrame } = grafanaData()
  const labels = [...new Set(series.flatMap(({ metric }) => Object.keys(metric)))].toSorted()
  if (series.length === 0) return toDataFrame({ refId, fields: [] })
  return toDataFrame({
    refId,
    fields: [
      { name: 'Time', type: FieldType.time, values: series.map(({ value }) => value[0] * 1000) },
      ...labels.map((label) => ({ name: label, type: FieldType.string, values: series.map(({ metric }) => metric[label] ?? '') })),
      { name: answers > 1 ? `Value #${refId}` : 'Value', type: FieldType.number, values: series.map(({ value }) => Number(value[1])) },
    ],
  })
}
