import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { accuse, startWith } from '../../support/policies.ts'
import { settledIncident, startRemediator, type TestRemediator } from '../../support/remediator.ts'
import { exitOf, temporaryProcess } from '../../support/temporary.ts'
import { waitFor } from '../../support/wait-for.ts'

const FREEZE = { name: 'hold', match: ['remediate="kill"'], ladder: ['freeze'], verify: [{ kind: 'check', command: ['true'] }] }
const sleeper = () => temporaryProcess('sleep', ['600'])
const stateOf = (pid: number): string =>
  readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /s, '')
    .slice(0, 1)

function answer(remediator: TestRemediator, id: string, verb: string): Promise<Response> {
  return fetch(`${remediator.url}/api/incidents/${id}/${verb}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${remediator.token}`, 'content-type': 'application/json' },
    body: '{}',
  })
}

describe('freeze', () => {
  test('stops the process where it is, and a rollback lets it go on', async () => {
    const remediator = await startWith([FREEZE])
    const accused = await sleeper()
    await accuse(remediator, accused.pid)
    const incident = await settledIncident(remediator)
    expect(incident).toMatchObject({ action: 'freeze', outcome: 'frozen' })
    expect(stateOf(accused.pid)).toBe('T')
    const report = (await (await answer(remediator, incident.id, 'rollback')).json()) as { done: string[]; failed: string[] }
    expect(report.done.join()).toContain(`pid ${accused.pid}`)
    expect(report.failed).toEqual([])
    expect(stateOf(accused.pid)).toBe('S')
  })

  test('a frozen process that is then killed ends by TERM, and not only by KILL', async () => {
    const remediator = await startWith([{ ...FREEZE, ladder: ['freeze', 'kill'], verify: ['gone'] }])
    const accused = await sleeper()
    await accuse(remediator, accused.pid)
    expect(await exitOf(accused)).toBe('SIGTERM')
    const incident = await settledIncident(remediator)
    expect(incident).toMatchObject({ action: 'kill', outcome: 'killed' })
    expect(incident.timeline.filter((entry) => entry.event === 'acted').map((entry) => entry.data['outcome'])).toEqual(['frozen', 'killed'])
  })

  test('a whole tree, and all of it goes on', async () => {
    const remediator = await startWith([{ ...FREEZE, ladder: [{ action: 'freeze', tree: true }] }])
    const parent = await temporaryProcess('sh', ['-c', 'sleep 600 & sleep 600 & wait'], { detached: true })
    const children = await waitFor('two children', () => {
      const pids = readFileSync(`/proc/${parent.pid}/task/${parent.pid}/children`, 'latin1').trim().split(' ').map(Number)
      return pids.length === 2 && pids.every((pid) => readFileSync(`/proc/${pid}/comm`, 'latin1') === 'sleep\n') && pids
    })
    const group = readFileSync(`/proc/${parent.pid}/comm`, 'latin1').trim()
    try {
      await accuse(remediator, parent.pid, { labels: { group: group === 'sh' ? 'dash' : group } })
      const incident = await settledIncident(remediator)
      expect(incident).toMatchObject({ outcome: 'frozen' })
      expect([parent.pid, ...children].map(stateOf)).toEqual(['T', 'T', 'T'])
      await answer(remediator, incident.id, 'rollback')
      expect([parent.pid, ...children].map(stateOf)).toEqual(['S', 'S', 'S'])
    } finally {
      process.kill(-parent.pid, 'SIGKILL')
    }
  })
})

describe('while a person is asked', () => {
  test('what would be killed is frozen; a denial lets it go on', async () => {
    const remediator = await startRemediator({ mode: 'confirm' })
    const accused = await sleeper()
    await accuse(remediator, accused.pid)
    const { id, timeline } = await settledIncident(remediator, ['awaiting_approval'])
    expect(timeline.at(-1)?.data).toMatchObject({ frozen: true })
    expect(stateOf(accused.pid)).toBe('T')
    expect((await answer(remediator, id, 'deny')).status).toBe(200)
    await waitFor('it to go on', () => stateOf(accused.pid) === 'S')
    expect((await settledIncident(remediator)).reason).toBe('approval_denied')
  })

  test('a remediator that ends meanwhile does not forget it', async () => {
    const first = await startRemediator({ mode: 'confirm' })
    const accused = await sleeper()
    await accuse(first, accused.pid)
    const { id } = await settledIncident(first, ['awaiting_approval'])
    await first.close()
    expect(stateOf(accused.pid)).toBe('T')
    const second = await startRemediator({ mode: 'confirm', stateDir: first.stateDir })
    expect((await answer(second, id, 'deny')).status).toBe(200)
    await waitFor('it to go on', () => stateOf(accused.pid) === 'S')
  })

  test('a policy may leave it running', async () => {
    const remediator = await startWith([{ name: 'polite', match: ['remediate="kill"'], action: 'kill', while_waiting: 'nothing' }], {
      mode: 'confirm',
    })
    const accused = await sleeper()
    await accuse(remediator, accused.pid)
    await settledIncident(remediator, ['awaiting_approval'])
    expect(stateOf(accused.pid)).toBe('S')
  })

  test('first-time: one yes for a program is enough for its next process', async () => {
    const remediator = await startWith([{ name: 'careful', match: ['remediate="kill"'], action: 'kill', approval: 'first-time' }])
    const [first, second] = [await sleeper(), await sleeper()]
    await accuse(remediator, first.pid)
    const { id } = await settledIncident(remediator, ['awaiting_approval'])
    expect((await answer(remediator, id, 'approve')).status).toBe(200)
    expect(await exitOf(first)).toBe('SIGTERM')
    await accuse(remediator, second.pid, { fingerprint: 'beef' })
    expect(await exitOf(second)).toBe('SIGTERM')
  })
})
