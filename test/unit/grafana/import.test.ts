/** Tests the copies that are imported by hand: the same dashboards, asking for the datasource. */
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { committedDashboards } from '../../support/dashboards.ts'

const provisioned = new Map(committedDashboards().map((dashboard) => [dashboard.uid, dashboard]))
const Importable = z.looseObject({
  __inputs: z.tuple([z.object({ name: z.literal('DS_PROMETHEUS'), type: z.literal('datasource'), pluginId: z.literal('prometheus') })]),
  __requires: z.array(z.object({ type: z.string(), id: z.string() })),
})

describe('each copy for importing', () => {
  test('is of a provisioned dashboard', () => {
    expect(committedDashboards('import').map(({ uid }) => uid)).toEqual([...provisioned.keys()])
  })

  test.each(committedDashboards('import'))('$uid asks for the datasource and is else the same', (copy) => {
    const { __requires } = Importable.parse(copy.json)
    expect(__requires.filter(({ type }) => type === 'panel').map(({ id }) => id)).toEqual(
      [...new Set(copy.panels.map(({ type }) => type))].filter((type) => type !== 'row').toSorted(),
    )
    expect(copy.editable).toBe(true)
    const original = provisioned.get(copy.uid)
    expect(copy.panels).toEqual(original?.panels)
    // Grafana's import puts the answer wherever the input's name stands.
    const answered = copy.text.replaceAll('${DS_PROMETHEUS}', 'my-prometheus')
    const [first, ...others] = z.object({ templating: z.object({ list: z.array(z.unknown()) }) }).parse(JSON.parse(answered))
      .templating.list
    expect(first).toMatchObject({ name: 'datasource', current: { text: 'my-prometheus', value: 'my-prometheus' } })
    expect(others).toEqual(
      z
        .object({ templating: z.object({ list: z.array(z.unknown()) }) })
        .parse(original?.json)
        .templating.list.slice(1),
    )
  })
})
