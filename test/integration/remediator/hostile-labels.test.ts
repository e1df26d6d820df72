import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { startWith } from '../../support/policies.ts'
import { alertOf, incidentsOf, payloadOf, post } from '../../support/remediator.ts'
import { temporaryProcess } from '../../support/temporary.ts'
import { waitFor } from '../../support/wait-for.ts'

const PWNED = path.join(temporaryDirectoryName(), 'pwned')
const NASTY = [
  `$(touch ${PWNED})`,
  `\`touch ${PWNED}\``,
  `; touch ${PWNED} #`,
  `'"; touch ${PWNED}; echo "'`,
  '"} or vector(1) or up{a="',
  '../../../../etc/passwd',
  '/etc/shadow\0',
  '-rf',
  '--config=/etc/passwd',
  '<script>alert(1)</script>',
  '\u001b[2J\u001b]0;owned\u0007',
  'a\r\nBcc: everybody@example.org',
  '1; rm -rf /',
  '-1',
  '0',
  '999999999999999999999',
  '__proto__',
  '{{group}}{{pid}}',
  '%s%n%x',
  '\u202egnp.exe',
  'x'.repeat(60_000),
]
const value = fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: 'binary', maxLength: 200 }))
const labels = fc.record(
  { pid: value, group: value, directory: value, service: value, probe: value, unit: value, container: value, device: value },
  { requiredKeys: [] },
)
const ALERTS = 200

function temporaryDirectoryName(): string {
  return process.env['TMPDIR'] ?? '/tmp'
}

test(`${ALERTS} alerts of hostile labels end as incidents; nothing is run, touched or moved by them`, async () => {
  const bystander = await temporaryProcess('sleep', ['600'])
  const remediator = await startWith(
    [
      { name: 'stop', match: ['remediate="kill"'], ladder: ['freeze', 'kill', 'quarantine'], verify: ['gone'] },
      {
        name: 'again',
        match: ['remediate="restart"'],
        ladder: [{ action: 'restart', manager: 'systemd' }],
        verify: ['service-up'],
        attempts: 1,
      },
      { name: 'clean', match: ['remediate="quarantine"'], ladder: ['freeze', 'quarantine'], verify: ['alert-inactive'], attempts: 1 },
      { name: 'reap', match: ['remediate="reap"'], ladder: ['reap'], verify: ['gone'], attempts: 1 },
      {
        name: 'script',
        match: ['remediate="command"'],
        ladder: [{ action: 'command', argv: ['true'] }],
        verify: [{ kind: 'promql', query: 'up{group={{group}},probe={{probe}}} > 0' }, 'probe'],
        attempts: 1,
        cooldown: { max: 1_000 },
      },
      { name: 'find', match: ['remediate="find"'], ladder: ['kill'], verify: ['gone'], target: { query: 'topk(1, x{group={{group}}})' } },
    ],
    { prometheusUrl: 'http://127.0.0.1:1', config: { caps: { host: { max: 10_000, window_seconds: 600 } } } },
  )
  const inputs = fc.sample(fc.tuple(fc.constantFrom('kill', 'restart', 'quarantine', 'reap', 'command', 'find'), labels), ALERTS)
  const alerts = inputs.map(([remediate, each], index) =>
    alertOf({
      fingerprint: index.toString(16),
      labels: { ...clean(each), remediate },
      annotations: { summary: NASTY[index % NASTY.length] ?? '' },
    }),
  )
  const response = await post(remediator.url, remediator.token, payloadOf(alerts))
  expect(response.status).toBe(200)
  const settled = await waitFor(
    'all of them to be looked at',
    async () => {
      const incidents = await incidentsOf(remediator)
      return incidents.length === ALERTS && incidents.every((incident) => incident.status !== 'queued') && incidents
    },
    100_000,
  )
  expect(settled.filter((incident) => incident.reason === 'internal_error').map((incident) => incident.summary)).toEqual([])
  expect(settled.filter((incident) => ['killed', 'restarted', 'frozen'].includes(incident.outcome ?? ''))).toEqual([])
  expect(existsSync(PWNED)).toBe(false)
  expect([bystander.exitCode, bystander.signalCode]).toEqual([null, null])
  expect(
    existsSync(path.join(remediator.stateDir, 'remediator', 'quarantine')) &&
      readdirSync(path.join(remediator.stateDir, 'remediator', 'quarantine')).length > 0,
  ).toBe(false)
  expect((await fetch(`${remediator.url}/-/healthy`)).status).toBe(200)
}, 120_000)

test('a value of a megabyte is refused, and said where', async () => {
  const remediator = await startWith([{ name: 'stop', match: ['remediate="kill"'], action: 'kill' }])
  const response = await post(remediator.url, remediator.token, payloadOf([alertOf({ labels: { group: 'x'.repeat(1_048_576) } })]))
  expect(response.status).toBe(400)
  expect(JSON.stringify(await response.json())).toMatch(/alerts\.0\.labels.*group/)
})

/** fast-check gives keys that are left out as undefined. */
function clean(each: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(each).flatMap(([name, text]) => (text === undefined ? [] : [[name, text]])))
}
