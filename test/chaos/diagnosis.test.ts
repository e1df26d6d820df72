/**
 * Tests that all twelve misbehaving programs are diagnosed as what they are, by the real loop with the shipped rules, at the same time and
 * at the pace of the rules: a leak of descriptors takes 25 minutes to be one. Only in `npm run test:chaos`; `npm test` has the quick half.
 */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { choosePort } from '../../src/stack/ports.ts'
import { startLoop } from '../support/loop.ts'
import { writeExamples } from '../support/diagnosis-examples.ts'
import { MISBEHAVING, PROBE, addOverrides, diagnosed, startMisbehaving } from '../support/misbehaving.ts'
import { afterTest, temporaryDirectory } from '../support/temporary.ts'
import { isWhole } from './extent.ts'

const DURATION_MS = 40 * 60_000

test.runIf(isWhole)(
  'twelve misbehaving programs are each diagnosed as what they are',
  async () => {
    const folder = temporaryDirectory()
    const port = await choosePort('endpoint', 0)
    const config = path.join(folder, 'exporter.yml')
    writeFileSync(config, stringify({ probes: [{ name: PROBE, url: `http://127.0.0.1:${port}/` }] }))
    const loop = await startLoop({ args: ['--config.exporter', config] })
    afterTest(async () => void (await loop.stop()))
    await addOverrides(loop, folder)
    for (const one of MISBEHAVING) {
      const flags = one.demo === 'slow-endpoint' ? [...one.whole, '--port', String(port)] : one.whole
      await startMisbehaving(one, flags, loop)
    }
    const outcomes = await Promise.allSettled(MISBEHAVING.map((one) => diagnosed(one, loop.report.stateDir, DURATION_MS - 120_000)))
    const found = outcomes.flatMap((outcome, at) =>
      outcome.status === 'fulfilled' ? [{ demo: MISBEHAVING[at]?.demo ?? '', ...outcome.value }] : [],
    )
    if (process.env['PROCWARDEN_WRITE_EXAMPLES'] === '1') writeExamples(found)
    expect(outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [String(outcome.reason)] : []))).toEqual([])
  },
  DURATION_MS,
)
