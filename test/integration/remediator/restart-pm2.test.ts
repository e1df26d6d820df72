import { execFileSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { alarm, startWith } from '../../support/policies.ts'
import { settledIncident } from '../../support/remediator.ts'
import { afterTest, temporaryDirectory } from '../../support/temporary.ts'

// Not among the packages of this repository: it is tried where it is installed.
const hasPm2 = (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(path.join(folder, 'pm2')))

test.runIf(hasPm2)('a real pm2 is asked to restart the application, which is then seen to be up', { timeout: 120_000 }, async () => {
  const folder = temporaryDirectory()
  const before = process.env['PM2_HOME']
  process.env['PM2_HOME'] = path.join(folder, 'home')
  afterTest(() => {
    if (before === undefined) delete process.env['PM2_HOME']
    else process.env['PM2_HOME'] = before
  })
  const pm2 = (...args: readonly string[]) => execFileSync('pm2', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  afterTest(() => void pm2('kill'))
  const program = path.join(folder, 'billing-api.js')
  writeFileSync(program, 'setInterval(() => {}, 1000)\n')
  pm2('start', program, '--name', 'billing')
  const pidNow = () => pm2('pid', 'billing').trim()
  const old = pidNow()
  const remediator = await startWith([
    { name: 'again', match: ['remediate="restart"'], verify: ['service-up'], ladder: [{ action: 'restart', settle_seconds: 0.5 }] },
  ])
  await alarm(remediator, { labels: { remediate: 'restart', group: 'billing-api.js', kind: 'limit' } })
  expect(await settledIncident(remediator)).toMatchObject({
    outcome: 'restarted',
    target: { managed: { manager: 'pm2', name: '0' } },
  })
  expect(pidNow()).not.toBe(old)
})
