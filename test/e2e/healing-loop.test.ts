import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { CheckResult } from '../../src/remediator/checks/result.ts'
import type { IncidentView, WholeIncident } from '../../src/remediator/incident-view.ts'
import { GOOD_ANSWER, startAdvisorServer } from '../support/advisor-server.ts'
import { procwarden, startLoop, type TestLoop } from '../support/loop.ts'
import { script } from '../support/policies.ts'
import { startQuickPrometheus } from '../support/quick-prometheus.ts'
import { incidentsOf } from '../support/remediator.ts'
import { temporaryDirectory, temporaryProcess } from '../support/temporary.ts'
import { waitFor } from '../support/wait-for.ts'

let loop: TestLoop | undefined

afterEach(async () => {
  await loop?.stop()
  loop = undefined
})

/** A small service of its own process, which answers 503 for as long as its folder says so. */
async function startService(): Promise<{ readonly url: string; readonly state: string }> {
  const state = path.join(temporaryDirectory(), 'state')
  writeFileSync(state, 'broken')
  const program = path.join(path.dirname(state), 'shop.mjs')
  writeFileSync(
    program,
    `import { createServer } from 'node:http'
import { readFileSync } from 'node:fs'
const server = createServer((_request, response) => {
  response.statusCode = readFileSync(${JSON.stringify(state)}, 'utf8').trim() === 'healthy' ? 200 : 503
  response.end()
})
server.listen(0, '127.0.0.1', () => process.stdout.write(String(server.address().port) + '\\n'))`,
  )
  const service = await temporaryProcess(process.execPath, [program], { stdio: ['ignore', 'pipe', 'ignore'] })
  let said = ''
  service.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const port = await waitFor('the service', () => said.includes('\n') && said.trim())
  return { url: `http://127.0.0.1:${port}/`, state }
}

function eventsOf(incident: IncidentView): string[] {
  return incident.timeline.map((entry) => entry.event)
}

/** That these events happened in this order, whatever else did. */
function expectOrder(events: readonly string[], order: readonly string[]): void {
  let at = -1
  for (const event of order) {
    const found = events.indexOf(event, at + 1)
    expect(found, `${event} after ${events[at] ?? 'the beginning'} in ${events.join(', ')}`).toBeGreaterThan(at)
    at = found
  }
}

test('a failing check is healed by its playbook; one that nothing heals goes to the advisor and then to a person', async () => {
  const [shop, ruin] = await Promise.all([startService(), startService()])
  const advisor = await startAdvisorServer({ answer: { ...GOOD_ANSWER, recommended_action: 'command-2' } })
  const advisedMark = path.join(temporaryDirectory(), 'advised')
  // The first attempt is in vain, the second starts it anew.
  const restart = script(['[ "$PROCWARDEN_ATTEMPT" -ge 2 ] || exit 0', `echo healthy >${shop.state}`])
  const inVain = script(['exit 0'])
  const config = path.join(temporaryDirectory(), 'remediator.yml')
  writeFileSync(
    config,
    JSON.stringify({
      allow: { groups: ['check shop', 'check ruin'] },
      advisor: { url: advisor.url, model: 'test-model', timeout_seconds: 30 },
      checks: {
        after_start_seconds: 0,
        interval_seconds: 5,
        suite: [
          { name: 'shop', kind: 'http', url: shop.url, requests: 4 },
          { name: 'ruin', kind: 'http', url: ruin.url, requests: 4 },
          { name: 'roundtrip', kind: 'webhook-roundtrip', every_seconds: 600 },
        ],
      },
      policies: [
        {
          name: 'start-shop',
          match: ['alertname="CheckFailed"', 'check="shop"'],
          ladder: [{ action: 'command', argv: [restart] }],
          verify: [{ kind: 'check', name: 'shop' }],
        },
        {
          name: 'start-ruin',
          match: ['alertname="CheckFailed"', 'check="ruin"'],
          ladder: [{ action: 'command', argv: [inVain] }],
          advisor_actions: [{ action: 'command', argv: [script([`touch ${advisedMark}`])] }],
          verify: ['check'],
          escalate: ['advisor', 'person'],
        },
      ],
    }),
  )
  loop = await startLoop({ args: ['--config.remediator', config] })
  const running = loop
  const { stateDir } = running.report
  await startQuickPrometheus(stateDir, { tellsAlertmanager: true })
  const token = readFileSync(path.join(stateDir, 'webhook-token'), 'utf8').trim()
  const incidentOf = (check: string): Promise<IncidentView> =>
    waitFor(
      `the incident of ${check} to be done`,
      async () =>
        (await incidentsOf({ url: running.report.remediator, token })).find(
          (incident) => incident.alertname === 'CheckFailed' && incident.labels['check'] === check && incident.status === 'done',
        ),
      150_000,
    )
  const [healed, lost] = await Promise.all([incidentOf('shop'), incidentOf('ruin')])

  expect(healed).toMatchObject({
    alertname: 'CheckFailed',
    policy: 'start-shop',
    outcome: 'executed',
    attempts: 2,
    target: { kind: 'check', name: 'shop' },
  })
  const course = [
    'opened',
    'policy.matched',
    'target.identified',
    'guard.passed',
    'snapshot',
    'intent',
    'acted',
    'attempt.failed',
    'intent',
    'acted',
    'verified',
  ]
  expectOrder(
    eventsOf(healed).map((event) => (event.startsWith('snapshot') ? 'snapshot' : event)),
    course,
  )

  expect(lost).toMatchObject({ policy: 'start-ruin', outcome: 'failed', attempts: 4, escalatedAt: expect.any(String) })
  expectOrder(eventsOf(lost), [
    'opened',
    'intent',
    'attempt.failed',
    'intent',
    'attempt.failed',
    'intent',
    'verified',
    'escalated',
    'advisor.answered',
    'advisor.trial',
    'intent',
    'acted',
    'verified',
    'advisor.concluded',
    'escalated',
  ])
  const whole = JSON.parse(procwarden(['show', lost.id, '--json', '--state.dir', stateDir]).stdout) as WholeIncident
  expect(whole.advice).toMatchObject([{ verdict: 'accepted', outcome: 'failed' }])
  expect(whole.escalations.map(({ level }) => level)).toEqual(['advisor', 'person'])
  expect(advisor.requests).toHaveLength(1)

  const history = JSON.parse(procwarden(['checks', 'history', '--json', '--state.dir', stateDir]).stdout) as CheckResult[]
  expect(history.find(({ check }) => check === 'roundtrip')).toMatchObject({ outcome: 'passed' })
  expect(history.find(({ check }) => check === 'shop')).toMatchObject({ outcome: 'passed' })
  // Neither the synthetic alert nor anything but the two checks is in the user's list.
  expect(new Set(running.incidents().map((incident) => incident.alertname))).not.toContain('ProcwardenRoundtrip')
  const stats = JSON.parse(procwarden(['incidents', '--stats', '--by', 'month', '--json', '--state.dir', stateDir]).stdout) as object
  expect(stats).toMatchObject({ healed: 1, prevented: 1, advised: 1 })
  const status = procwarden(['status', '--state.dir', stateDir])
  expect(status.stdout).toContain('FAILING: ruin')
  expect(procwarden(['checks', 'run', 'ruin', '--state.dir', stateDir]).code).toBe(1)
  expect(procwarden(['checks', 'run', 'shop', '--state.dir', stateDir]).code).toBe(0)
  const refused = procwarden(['checks', 'baseline', '--runs', '1', '--state.dir', stateDir])
  expect(refused.code).toBe(1)
  expect(refused.stderr).toContain('nothing was saved')
  expect(procwarden(['checks', 'baseline', 'shop', '--runs', '1', '--state.dir', stateDir]).stdout).toContain('Saved as healthy')
}, 240_000)
