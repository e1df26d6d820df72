/** Tests that real misbehaving programs are told apart by the real loop, all of them at the same time. */
import { expect, test } from 'vitest'
import { startLoop } from '../support/loop.ts'
import { MISBEHAVING, diagnosed, hastenRules, startMisbehaving } from '../support/misbehaving.ts'
import { afterTest, temporaryDirectory } from '../support/temporary.ts'

test('six misbehaving programs are each diagnosed as what they are', async () => {
  const loop = await startLoop()
  afterTest(async () => void (await loop.stop()))
  await hastenRules(loop, temporaryDirectory())
  const quick = MISBEHAVING.flatMap((one) => (one.quick === undefined ? [] : [{ one, flags: one.quick }]))
  expect(quick).toHaveLength(6)
  for (const { one, flags } of quick) await startMisbehaving(one, flags, loop)
  const found = await Promise.all(quick.map(({ one }) => diagnosed(one, loop.report.stateDir, 400_000)))
  for (const { diagnosis } of found) {
    expect(diagnosis).toMatchObject({ source: 'metrics' })
    expect(diagnosis.evidence.filter(({ isRequired }) => isRequired).every(({ held }) => held === true)).toBe(true)
  }
  const storm = found.find(({ diagnosis }) => diagnosis.name === 'write_loop')
  expect(storm?.diagnosis).toMatchObject({ is_critical: true, recommended_action: 'kill' })
  expect(storm?.incident.labels['group']).toBe('file-storm.ts')
}, 500_000)
