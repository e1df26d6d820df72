import { copyFileSync, readFileSync } from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { readProcessIdentity, createProcfs } from '../../../src/lib/linux/proc-process.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { groupNameOf } from '../../../src/lib/groups/group-name.ts'
import { accuse, alarm, startWith } from '../../support/policies.ts'
import { incidentsOf, settledIncident, startRemediator } from '../../support/remediator.ts'
import { afterTest, exitOf, temporaryDirectory, temporaryProcess } from '../../support/temporary.ts'
import { waitFor } from '../../support/wait-for.ts'

const KILL = {
  name: 'bold',
  match: ['remediate="kill"'],
  action: 'kill',
  grace_seconds: 0,
  confidence: 'low',
  mode: 'auto',
  approval: 'never',
}
const sleeper = () => temporaryProcess('sleep', ['600'])

function groupOf(pid: number): string {
  const identity = readProcessIdentity(pid, createProcfs(systemClock()))
  if (!identity) throw new Error('it runs')
  return groupNameOf(identity)
}

describe('the never-list cannot be configured away', () => {
  /** A configuration that asks for it by every means there is: named on the allow list, a policy for it alone, no doubt at all. */
  async function tryToKill(pid: number) {
    const group = groupOf(pid)
    const remediator = await startWith([{ ...KILL, match: [`group=${JSON.stringify(group)}`] }], {
      mode: 'auto',
      config: { allow: { groups: [group] }, deny: { groups: [] }, mode: 'auto' },
    })
    await accuse(remediator, pid, { labels: { group } })
    return settledIncident(remediator)
  }

  test('pid 1', async () => {
    expect(await tryToKill(1)).toMatchObject({ decision: 'refuse', reason: 'never_list' })
  })

  // A container may not see them.
  test.runIf(readStatOf(2).includes('(kthreadd)'))('a kernel thread', async () => {
    expect(await tryToKill(2)).toMatchObject({ decision: 'refuse', reason: 'never_list' })
  })

  test('procwarden itself', async () => {
    expect(await tryToKill(process.pid)).toMatchObject({ decision: 'refuse', reason: 'never_list' })
  })

  test('what procwarden runs below', async () => {
    expect(await tryToKill(process.ppid)).toMatchObject({ decision: 'refuse', reason: 'never_list' })
  })

  test("a part of procwarden's own stack", async () => {
    const cli = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url))
    const part = await temporaryProcess(process.execPath, [cli, 'exporter', '--web.listen-address', '127.0.0.1:0', '--no-collector.files'])
    expect(await tryToKill(part.pid)).toMatchObject({ decision: 'refuse', reason: 'never_list' })
    expect(part.signalCode).toBeNull()
  })

  test('a tree named on the command line', async () => {
    const child = await sleeper()
    const remediator = await startWith([{ ...KILL, match: ['group="sleep"'] }], {
      neverTrees: [child.pid],
      config: { allow: { groups: ['sleep'] } },
    })
    await accuse(remediator, child.pid)
    expect(await settledIncident(remediator)).toMatchObject({ decision: 'refuse', reason: 'never_list' })
    expect(child.signalCode).toBeNull()
  })

  test.each([
    'init',
    'systemd',
    'systemd-journald',
    'systemd-logind',
    'sshd',
    'dbus-daemon',
    'dbus-broker',
    'prometheus',
    'alertmanager',
    'grafana',
  ])('a program by the name of %s', async (name) => {
    const program = path.join(temporaryDirectory(), name)
    copyFileSync('/bin/sleep', program)
    const child = await temporaryProcess(program, ['600'])
    await waitFor('the exec', () => readFileSync(`/proc/${child.pid}/comm`, 'utf8').trim() === name.slice(0, 15))
    expect(await tryToKill(child.pid)).toMatchObject({ decision: 'refuse', reason: 'never_list' })
    expect(child.signalCode).toBeNull()
  })
})

describe('the guards, in their order', () => {
  test('a maintenance window holds everything back, and is told until when', async () => {
    const always = [
      { from: '00:00', to: '12:00', time_zone: 'UTC' },
      { from: '12:00', to: '00:00', time_zone: 'UTC' },
    ]
    const accused = await sleeper()
    for (const where of ['policy', 'all'] as const) {
      const remediator = await startWith([where === 'policy' ? { ...KILL, maintenance: always } : KILL], {
        config: where === 'all' ? { maintenance: always } : {},
      })
      await accuse(remediator, accused.pid)
      expect(await settledIncident(remediator, ['deferred'])).toMatchObject({ decision: 'refuse', reason: 'maintenance' })
    }
    expect(accused.signalCode).toBeNull()
  })

  test('a target of little confidence is left alone', async () => {
    const accused = await sleeper()
    // Answers the one query, and knows nothing else.
    const server = http.createServer((request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => (body += chunk.toString()))
      request.on('end', () => {
        const isAsked = new URLSearchParams(body).get('query') === 'topk(1, x)'
        const result = isAsked ? [{ metric: { pid: String(accused.pid), group: 'sleep' }, value: [0, '5'] }] : []
        response.end(JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }))
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    afterTest(() => void server.close())
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const remediator = await startWith([{ ...KILL, confidence: 'high', target: { query: 'topk(1, x)', confidence: 'medium' } }], {
      prometheusUrl: `http://127.0.0.1:${port}`,
    })
    await alarm(remediator, { labels: {} })
    expect(await settledIncident(remediator)).toMatchObject({ decision: 'refuse', reason: 'confidence_low', target: { pid: accused.pid } })
    expect(accused.signalCode).toBeNull()
  })

  test('caps: no more than so many attempts by one policy, on one program, on this machine', async () => {
    for (const [config, policy, reason] of [
      [{ caps: { host: { max: 1, window_seconds: 600 } } }, {}, 'cap_host'],
      [{}, { caps: { policy: { max: 1, window_seconds: 600 } } }, 'cap_policy'],
      [{}, { caps: { target: { max: 1, window_seconds: 600 } } }, 'cap_target'],
    ] as const) {
      const remediator = await startWith([{ ...KILL, ...policy }], { config })
      const [first, second] = [await sleeper(), await sleeper()]
      await accuse(remediator, first.pid)
      expect(await exitOf(first)).toBe('SIGTERM')
      await accuse(remediator, second.pid, { fingerprint: 'beef' })
      expect(await settledIncident(remediator, ['deferred'])).toMatchObject({ decision: 'refuse', reason })
      expect(second.signalCode).toBeNull()
    }
  })

  test('an anomaly comes before a plain limit of the same program', async () => {
    const remediator = await startWith([
      { ...KILL, match: ['remediate="kill"'] },
      { name: 'tell', match: ['remediate="notify"'], action: 'notify' },
    ])
    const accused = await sleeper()
    await accuse(remediator, accused.pid, { fingerprint: 'a1', labels: { alertname: 'CpuSpike', kind: 'anomaly', remediate: 'notify' } })
    await settledIncident(remediator)
    await accuse(remediator, accused.pid, { fingerprint: 'b2', labels: { alertname: 'ServiceOverCpuLimit', kind: 'limit' } })
    expect(await settledIncident(remediator, ['deferred'])).toMatchObject({ alertname: 'ServiceOverCpuLimit', reason: 'anomaly_first' })
    expect(accused.signalCode).toBeNull()
  })

  test('only what is critical is killed by the shipped policies', async () => {
    const remediator = await startRemediator()
    const accused = await sleeper()
    await accuse(remediator, accused.pid, { labels: { severity: 'warning' } })
    expect(await settledIncident(remediator)).toMatchObject({ decision: 'notify', outcome: 'notified' })
    expect(accused.signalCode).toBeNull()
  })
})

describe('a dry run says what auto then does', () => {
  test.each([
    ['a kill', {}, {}],
    ['a refusal', { deny: { groups: ['sleep'] } }, {}],
    ['a recycled pid', {}, { startsAt: new Date(Date.now() - 600_000) }],
  ])('%s', async (_what, config, input) => {
    const seen = []
    for (const mode of ['observe', 'auto'] as const) {
      const accused = await sleeper()
      const remediator = await startWith([{ ...KILL, mode: undefined }], { mode, config })
      await accuse(remediator, accused.pid, input)
      const { policy, action, target, timeline, decision, reason } = await settledIncident(remediator)
      const isAllowed = decision === 'would_act' || decision === 'act'
      seen.push({
        policy,
        action,
        group: target?.kind === 'process' ? target.group : null,
        isAllowed,
        reason: isAllowed ? null : reason,
        stages: timeline
          .map((entry) => entry.event)
          .filter((event) => ['policy.matched', 'target.identified', 'guard.passed'].includes(event)),
      })
      expect(accused.signalCode !== null).toBe(mode === 'auto' && isAllowed)
    }
    expect(seen[0]).toEqual(seen[1])
  })
})

test('an observed incident is taken up once the mode has become bolder', async () => {
  const accused = await sleeper()
  const startsAt = new Date()
  const first = await startRemediator({ mode: 'observe' })
  await accuse(first, accused.pid, { startsAt })
  expect((await settledIncident(first)).outcome).toBe('observed')
  await first.close()
  const second = await startRemediator({ mode: 'auto', stateDir: first.stateDir })
  await accuse(second, accused.pid, { startsAt })
  expect(await exitOf(accused)).toBe('SIGTERM')
  await waitFor('the incident to end', async () => (await incidentsOf(second))[0]?.outcome === 'killed')
  expect(await incidentsOf(second)).toHaveLength(1)
})

function readStatOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch {
    return ''
  }
}
