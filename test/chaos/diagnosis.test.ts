/**
 * Tests that all twelve misbehaving programs are diagnosed as what they are, by the real loop with the shipped rules, at the same time and
 * at the pace of the rules: a leak of descriptors takes 25 minutes to be one. Only in `npm run test:chaos`; `npm test` has the quick half.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { choosePort } from '../../src/stack/ports.ts'
import { diagnosisText } from '../../src/remediator/diagnosis/diagnosis-text.ts'
import { startLoop } from '../support/loop.ts'
import { MISBEHAVING, PROBE, addOverrides, diagnosed, startMisbehaving, type Diagnosed } from '../support/misbehaving.ts'
import { afterTest, temporaryDirectory } from '../support/temporary.ts'
import { isWhole } from './extent.ts'

const DURATION_MS = 40 * 60_000
const PAGE = path.resolve(import.meta.dirname, '../../docs/diagnosis.md')

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

/** One real example of each into the page, in place of those before; what was not found keeps the one it had. */
function writeExamples(found: ReadonlyArray<Diagnosed & { readonly demo: string }>): void {
  const page = readFileSync(PAGE, 'utf8')
  const [head = '', before = '', tail = ''] = page.split(/<!-- \/?examples -->/)
  const kept = new Map([...before.matchAll(/### `(.+?)`\n[^]*?```\n.*?```\n/gs)].map(([text, demo]) => [demo, text]))
  for (const { demo, incident, diagnosis } of found) {
    const text = diagnosisText(diagnosis).join('\n')
    kept.set(demo, `### \`${demo}\`\n\n${incident.alertname}:\n\n\`\`\`\n${text}\n\`\`\`\n`)
  }
  const examples = MISBEHAVING.flatMap(({ demo }) => kept.get(demo) ?? [])
  writeFileSync(PAGE, `${head}<!-- examples -->\n\n${examples.join('\n')}\n<!-- /examples -->${tail}`)
}
