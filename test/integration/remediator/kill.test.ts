import { readdirSync, readlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  alertOf,
  incidentsOf,
  payloadOf,
  post,
  settledIncident,
  startRemediator,
  type AlertInput,
  type TestRemediator,
} from '../../support/remediator.ts'
import { exitOf, temporaryDirectory, temporaryProcess } from '../../support/temporary.ts'
import { startRunawayWriter } from '../../support/runaway-writer.ts'
import { waitFor } from '../../support/wait-for.ts'

function accuse(remediator: TestRemediator, pid: number, input: AlertInput = {}): Promise<Response> {
  return post(
    remediator.url,
    remediator.token,
    payloadOf([alertOf({ ...input, labels: { group: 'sleep', pid: String(pid), ...input.labels } })]),
  )
}

const sleeper = () => temporaryProcess('sleep', ['600'])

describe('kill', () => {
  test('the accused process ends by TERM, its neighbour lives, and the timeline tells', async () => {
    const remediator = await startRemediator()
    const [accused, neighbour] = [await sleeper(), await sleeper()]
    await accuse(remediator, accused.pid, { startsAt: new Date(Date.now() + 1_000) })
    expect(await exitOf(accused)).toBe('SIGTERM')
    const incident = await settledIncident(remediator)
    expect(incident).toMatchObject({
      decision: 'act',
      action: 'kill',
      outcome: 'killed',
      mode: 'auto',
      target: { group: 'sleep', pid: accused.pid },
    })
    // Whose diagnosis is ready when is not settled: it runs beside.
    expect(incident.timeline.map((entry) => entry.event).filter((event) => event !== 'diagnosed')).toEqual([
      'opened',
      'policy.matched',
      'target.identified',
      'guard.passed',
      'snapshot.taken',
      'intent',
      'signal.sent',
      'acted',
      'verified',
    ])
    expect(neighbour.exitCode).toBeNull()
    expect(neighbour.signalCode).toBeNull()
  })

  test('a process that ignores TERM gets KILL after the grace period', async () => {
    const config = path.join(temporaryDirectory(), 'remediator.yml')
    writeFileSync(config, 'policies:\n  - {name: hasty, match: [remediate="kill"], action: kill, grace_seconds: 0.3}\n')
    const remediator = await startRemediator({ configFile: config })
    const stubborn = await temporaryProcess(
      process.execPath,
      ['-e', "process.on('SIGTERM', () => {}); console.log('deaf'); setInterval(() => {}, 1000)"],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    )
    await new Promise((resolve) => stubborn.stdout?.once('data', resolve))
    await accuse(remediator, stubborn.pid, { labels: { group: 'node' } })
    expect(await exitOf(stubborn)).toBe('SIGKILL')
    expect(
      (await settledIncident(remediator)).timeline.filter((entry) => entry.event === 'signal.sent').map((entry) => entry.data['signal']),
    ).toEqual(['SIGTERM', 'SIGKILL'])
  })

  test('a process that started after the alert began is not signalled: its pid was recycled', async () => {
    const remediator = await startRemediator()
    const innocent = await sleeper()
    await accuse(remediator, innocent.pid, { startsAt: new Date(Date.now() - 60_000) })
    expect(await settledIncident(remediator)).toMatchObject({ decision: 'refuse', reason: 'pid_recycled', outcome: 'refused' })
    expect(innocent.signalCode).toBeNull()
  })

  test('a process of another program is not signalled', async () => {
    const remediator = await startRemediator()
    const innocent = await sleeper()
    await accuse(remediator, innocent.pid, { labels: { group: 'file-storm.ts' } })
    expect(await settledIncident(remediator)).toMatchObject({ decision: 'refuse', reason: 'group_mismatch' })
    expect(innocent.signalCode).toBeNull()
  })

  test('in observe mode nothing is signalled and the incident says what would have been done', async () => {
    const remediator = await startRemediator({ mode: 'observe' })
    const accused = await sleeper()
    await accuse(remediator, accused.pid)
    const incident = await settledIncident(remediator)
    expect(incident).toMatchObject({
      mode: 'observe',
      decision: 'would_act',
      reason: 'mode_observe',
      action: 'kill',
      outcome: 'observed',
      target: { pid: accused.pid },
    })
    expect(incident.summary).toContain(`Would kill sleep (pid ${accused.pid})`)
    expect(accused.signalCode).toBeNull()
  })

  test.each([
    ['another host', { instance: 'db-7.example:9930' }, 'not_this_host'],
    ['pid 1', { pid: '1', group: 'x' }, 'group_mismatch'],
    ['itself', { pid: String(process.pid), group: 'x' }, 'group_mismatch'],
    ['no pid at all', { pid: '', group: 'x' }, 'target_unknown'],
    ['a pid that is none', { pid: '1; rm -rf /', group: 'x' }, 'target_unknown'],
    ['a pid that is not there', { pid: '4194303', group: 'x' }, 'target_gone'],
    ['no group', { group: '' }, 'target_unknown'],
  ])('%s is refused', async (_what, labels, reason) => {
    const remediator = await startRemediator()
    const bystander = await sleeper()
    await accuse(remediator, bystander.pid, { labels })
    const incident = await settledIncident(remediator)
    expect([incident.decision, incident.reason]).toEqual(['refuse', reason])
    expect(bystander.signalCode).toBeNull()
  })

  test('the deny list, and the allow list that leaves it out, protect a program', async () => {
    const config = path.join(temporaryDirectory(), 'remediator.yml')
    for (const [text, reason] of [
      ['deny: {groups: [sleep]}', 'deny_list'],
      ['allow: {groups: [other]}', 'not_on_allow_list'],
    ]) {
      writeFileSync(config, `${text}\n`)
      const remediator = await startRemediator({ configFile: config })
      const accused = await sleeper()
      await accuse(remediator, accused.pid)
      expect(await settledIncident(remediator)).toMatchObject({ reason })
      expect(accused.signalCode).toBeNull()
    }
  })

  test('the sixth kill of a program within a minute is refused: cooldown', async () => {
    const remediator = await startRemediator()
    for (let count = 0; count < 5; count++) {
      const accused = await sleeper()
      await accuse(remediator, accused.pid, { fingerprint: `a${count}` })
      expect(await exitOf(accused)).toBe('SIGTERM')
    }
    const sixth = await sleeper()
    await accuse(remediator, sixth.pid, { fingerprint: 'a5' })
    expect(await settledIncident(remediator, ['deferred'])).toMatchObject({ decision: 'refuse', reason: 'cooldown' })
    expect(sixth.signalCode).toBeNull()
  })

  test('a resolve that arrives while a person is asked cancels the question about what goes on running meanwhile', async () => {
    const config = path.join(temporaryDirectory(), 'remediator.yml')
    writeFileSync(config, 'policies:\n  - {name: polite, match: [remediate="kill"], action: kill, while_waiting: nothing}\n')
    const remediator = await startRemediator({ mode: 'confirm', configFile: config })
    const accused = await sleeper()
    await accuse(remediator, accused.pid)
    const asking = await settledIncident(remediator, ['awaiting_approval'])
    await accuse(remediator, accused.pid, { status: 'resolved' })
    expect(await settledIncident(remediator)).toMatchObject({ id: asking.id, status: 'cancelled', reason: 'resolved' })
    expect(accused.signalCode).toBeNull()
  })

  test('in confirm mode it acts only after a person has said yes, once', async () => {
    const remediator = await startRemediator({ mode: 'confirm' })
    const accused = await sleeper()
    await accuse(remediator, accused.pid)
    const { id } = await settledIncident(remediator, ['awaiting_approval'])
    expect(accused.signalCode).toBeNull()
    const answer = (word: string) =>
      fetch(`${remediator.url}/api/incidents/${id}/${word}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${remediator.token}`, 'content-type': 'application/json' },
        body: '{"by":"ada"}',
      })
    expect((await answer('approve')).status).toBe(200)
    expect(await exitOf(accused)).toBe('SIGTERM')
    const incident = await settledIncident(remediator)
    expect(incident).toMatchObject({ outcome: 'killed', approvedBy: 'ada' })
    expect((await answer('deny')).status).toBe(409)
  })

  test('a process that has become another program since the question is not touched', async () => {
    const config = path.join(temporaryDirectory(), 'remediator.yml')
    writeFileSync(config, 'policies:\n  - {name: polite, match: [remediate="kill"], action: kill, while_waiting: nothing}\n')
    const remediator = await startRemediator({ mode: 'confirm', configFile: config })
    const changing = await temporaryProcess('sh', ['-c', 'read line; exec sleep 600'], { stdio: ['pipe', 'ignore', 'ignore'] })
    const group = path.basename(readlinkSync(`/proc/${changing.pid}/exe`))
    await accuse(remediator, changing.pid, { labels: { group } })
    const { id } = await settledIncident(remediator, ['awaiting_approval'])
    changing.stdin?.write('\n')
    await waitFor('the exec', () => readlinkSync(`/proc/${changing.pid}/exe`).endsWith('sleep'))
    await fetch(`${remediator.url}/api/incidents/${id}/approve`, {
      method: 'POST',
      headers: { authorization: `Bearer ${remediator.token}` },
    })
    expect(await settledIncident(remediator)).toMatchObject({ decision: 'refuse', reason: 'group_mismatch' })
    expect(changing.signalCode).toBeNull()
  })

  test('a denied action does not happen', async () => {
    const remediator = await startRemediator({ mode: 'confirm' })
    const accused = await sleeper()
    await accuse(remediator, accused.pid)
    const { id } = await settledIncident(remediator, ['awaiting_approval'])
    await fetch(`${remediator.url}/api/incidents/${id}/deny`, { method: 'POST', headers: { authorization: `Bearer ${remediator.token}` } })
    expect(await settledIncident(remediator)).toMatchObject({ decision: 'refuse', reason: 'approval_denied' })
    expect(accused.signalCode).toBeNull()
  })
})

describe('a storm of which only the folder is known', () => {
  test('the process seen writing there is ended, a rare writer beside it lives', async () => {
    const remediator = await startRemediator()
    const directory = temporaryDirectory()
    const [storm, bystander] = [await startRunawayWriter(directory, 10), await startRunawayWriter(directory, 2_000)]
    await waitFor('both to write', () => readdirSync(directory).some((name) => name.includes(`doc-${storm.pid}-`)))
    await post(
      remediator.url,
      remediator.token,
      payloadOf([alertOf({ labels: { alertname: 'FileCreationStorm', directory }, startsAt: new Date() })]),
    )
    expect(await exitOf(storm)).toBe('SIGTERM')
    const incident = await settledIncident(remediator)
    expect(incident).toMatchObject({ outcome: 'killed', target: { group: 'runaway-writer.cjs', pid: storm.pid } })
    expect(incident.target?.evidence).toContain('different files')
    expect(bystander.signalCode).toBeNull()
  })

  test('when nothing writes there any more, nobody is accused', async () => {
    const remediator = await startRemediator()
    await post(
      remediator.url,
      remediator.token,
      payloadOf([alertOf({ labels: { alertname: 'FileCreationStorm', directory: temporaryDirectory() } })]),
    )
    expect(await settledIncident(remediator)).toMatchObject({ reason: 'target_gone', outcome: 'target_gone' })
    expect(await incidentsOf(remediator)).toHaveLength(1)
  })
})
