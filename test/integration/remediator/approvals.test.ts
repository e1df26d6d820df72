import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { WholeIncident } from '../../../src/remediator/incident-view.ts'
import { Database, databasePath } from '../../../src/remediator/store/database.ts'
import { shiftedClock } from '../../support/clock.ts'
import { signIn, tokenIn } from '../../support/console.ts'
import { answer, asked, call, wholeIncident } from '../../support/people.ts'
import { accuse, alarm, script, startWith } from '../../support/policies.ts'
import { incidentsOf, settledIncident, startRemediator, type TestRemediator } from '../../support/remediator.ts'
import { exitOf, temporaryProcess } from '../../support/temporary.ts'
import { waitFor } from '../../support/wait-for.ts'

const KILL = { name: 'stop', match: ['remediate="kill"'], action: 'kill' }
const sleeper = () => temporaryProcess('sleep', ['600'])
const stateOf = (pid: number): string =>
  readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /s, '')
    .slice(0, 1)

/** A process that a person is asked about, and whose alert has ended since, as one that is no longer fed does. */
async function askedAndResolved(remediator: TestRemediator, fingerprint = 'beef') {
  const accused = await sleeper()
  const startsAt = new Date()
  await accuse(remediator, accused.pid, { startsAt, fingerprint })
  const { id } = await waitFor('the question', async () =>
    (await incidentsOf(remediator)).find((each) => each.fingerprint === fingerprint && each.status === 'awaiting_approval'),
  )
  await accuse(remediator, accused.pid, { startsAt, fingerprint, status: 'resolved' })
  return { accused, id }
}

/** The end of the alert is on record, and whatever follows from it has been looked at. */
async function untilResolved(remediator: TestRemediator, id: string): Promise<void> {
  const { fingerprint } = await waitFor('the end of the alert', async () => {
    const incident = await wholeIncident(remediator, id)
    return incident.resolvedAt !== null && incident
  })
  const next = `${fingerprint}0`
  await alarm(remediator, { labels: { remediate: 'none' }, fingerprint: next })
  await waitFor('the next incident', async () =>
    (await incidentsOf(remediator)).some((each) => each.fingerprint === next && each.status === 'done'),
  )
}

function closed(remediator: TestRemediator, id: string): Promise<WholeIncident> {
  return waitFor('the end of the incident', async () => {
    const incident = await wholeIncident(remediator, id)
    return incident.closedAt !== null && incident
  })
}

/** A remediator on a clock that is moved by hand; only waiting takes real time. */
async function startOnClock(policies: readonly Readonly<Record<string, unknown>>[], mode: 'confirm' | 'auto' = 'confirm') {
  const clock = shiftedClock()
  return { clock, remediator: await startWith(policies, { mode, hooks: { clock } }) }
}

/** The time for an answer is over: the store is made to say so, as if so long had passed. */
function runOut({ stateDir }: TestRemediator): void {
  const database = Database.open(databasePath(stateDir))
  database.transaction(() => {
    database.run('UPDATE approvals SET expires_at_ms = $now WHERE answer IS NULL', { now: Date.now() })
    database.run("UPDATE incidents SET next_at_ms = $now WHERE status = 'awaiting_approval'", { now: Date.now() })
  })
  database.close()
}

describe('a question', () => {
  test('says what is asked, about which process, until when, and that it is frozen meanwhile', async () => {
    const remediator = await startRemediator({ mode: 'confirm' })
    const accused = await sleeper()
    await accuse(remediator, accused.pid)
    const { id } = await asked(remediator)
    const open = z.array(z.looseObject({})).parse(await (await call(remediator, '/api/approvals')).json())
    expect(open).toEqual([
      expect.objectContaining({
        incident: id,
        action: 'kill',
        target: `sleep (pid ${accused.pid})`,
        policy: 'kill-runaway',
        frozen: 1,
        onExpiry: 'deny',
        answer: null,
      }),
    ])
    const [question] = (await wholeIncident(remediator, id)).approvals
    expect(Date.parse(question?.expiresAt ?? '') - Date.parse(question?.askedAt ?? '')).toBe(900_000)
  })

  test('is answered once: the second answer changes nothing, and the audit says who and how', async () => {
    const remediator = await startRemediator({ mode: 'confirm' })
    const accused = await sleeper()
    await accuse(remediator, accused.pid)
    const { id } = await asked(remediator)
    const answers = await Promise.all(
      ['deny', 'approve', 'deny', 'approve'].map((verb) => answer(remediator, id, verb, { by: 'ann', how: 'console' })),
    )
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409, 409, 409])
    const { approvals, timeline } = await wholeIncident(remediator, id)
    expect(approvals[0]).toMatchObject({ answeredBy: 'ann', answeredHow: 'console' })
    const said = timeline.filter(({ event }) => event === 'approved' || event === 'denied')
    expect(said).toHaveLength(1)
    expect(said[0]?.data).toMatchObject({ by: 'ann', how: 'console', target: `sleep (pid ${accused.pid})`, action: 'kill' })
  })

  test.each(['link', 'expiry', 'telepathy'])('nobody may claim over the API to come by %s', async (how) => {
    const remediator = await startRemediator({ mode: 'confirm' })
    expect((await answer(remediator, 'x', 'approve', { how })).status).toBe(400)
  })

  test('expires: nothing is done, and the process goes on', async () => {
    const remediator = await startWith([KILL], { mode: 'confirm' })
    const accused = await sleeper()
    await accuse(remediator, accused.pid)
    const { id } = await asked(remediator)
    expect(stateOf(accused.pid)).toBe('T')
    runOut(remediator)
    expect((await answer(remediator, id, 'approve')).status).toBe(409)
    await waitFor('it to go on', () => stateOf(accused.pid) === 'S')
    expect(await settledIncident(remediator)).toMatchObject({ reason: 'approval_expired', outcome: 'refused' })
    expect((await answer(remediator, id, 'approve')).status).toBe(409)
    expect((await wholeIncident(remediator, id)).approvals[0]).toMatchObject({ answer: 'expired', answeredHow: 'expiry' })
  })

  test('a policy may take silence for a yes', async () => {
    const remediator = await startWith([{ ...KILL, on_expiry: 'approve' }], { mode: 'confirm' })
    const accused = await sleeper()
    await accuse(remediator, accused.pid)
    await asked(remediator)
    runOut(remediator)
    expect(await exitOf(accused)).toBe('SIGTERM')
    const { id } = await settledIncident(remediator)
    expect((await wholeIncident(remediator, id)).approvals[0]).toMatchObject({ answer: 'approve', answeredHow: 'expiry' })
  })

  test('or leave it frozen, until a person rolls back', async () => {
    const remediator = await startWith([{ ...KILL, on_expiry: 'leave-frozen' }], { mode: 'confirm' })
    const accused = await sleeper()
    await accuse(remediator, accused.pid)
    const { id } = await asked(remediator)
    runOut(remediator)
    expect(await settledIncident(remediator)).toMatchObject({ reason: 'approval_expired' })
    // A second incident goes through the whole of the work, tidying up included.
    await alarm(remediator, { labels: { remediate: 'none' }, fingerprint: 'beef' })
    await waitFor('the second', async () => (await incidentsOf(remediator)).filter(({ status }) => status === 'done').length === 2)
    expect(stateOf(accused.pid)).toBe('T')
    await answer(remediator, id, 'rollback')
    expect(stateOf(accused.pid)).toBe('S')
  })

  test('that is over because the alert is cannot be answered any more', async () => {
    const remediator = await startWith([{ ...KILL, while_waiting: 'nothing' }], { mode: 'confirm' })
    const { accused, id } = await askedAndResolved(remediator)
    expect(await closed(remediator, id)).toMatchObject({ status: 'cancelled', reason: 'resolved' })
    expect((await answer(remediator, id, 'approve')).status).toBe(409)
    expect((await wholeIncident(remediator, id)).approvals[0]).toMatchObject({ answer: 'void' })
    expect(stateOf(accused.pid)).toBe('S')
  })

  test('about a frozen process stays when its alert ends, for freezing is what ended it: a yes still kills', async () => {
    const remediator = await startWith([KILL], { mode: 'confirm' })
    const { accused, id } = await askedAndResolved(remediator)
    await untilResolved(remediator, id)
    expect(stateOf(accused.pid)).toBe('T')
    expect(await (await call(remediator, '/api/approvals')).json()).toHaveLength(1)
    expect((await answer(remediator, id, 'approve', { by: 'ann' })).status).toBe(200)
    expect(await exitOf(accused)).toBe('SIGTERM')
    expect(await closed(remediator, id)).toMatchObject({ status: 'done', outcome: 'killed' })
  })

  test('nor is it asked a second time when its alert comes back', async () => {
    const remediator = await startWith([KILL], { mode: 'confirm' })
    const { accused, id } = await askedAndResolved(remediator)
    await untilResolved(remediator, id)
    const again = { startsAt: new Date(Date.now() + 1_000), fingerprint: 'beef' }
    await accuse(remediator, accused.pid, again)
    await waitFor('it to be known again', async () => (await wholeIncident(remediator, id)).resolvedAt === null)
    expect(await (await call(remediator, '/api/approvals')).json()).toHaveLength(1)
    expect((await incidentsOf(remediator)).filter(({ fingerprint }) => fingerprint === 'beef')).toHaveLength(1)
    expect((await answer(remediator, id, 'deny')).status).toBe(200)
    await waitFor('it to go on', () => stateOf(accused.pid) === 'S')
    // Nor is a no forgotten when the same firing is told of once more.
    await accuse(remediator, accused.pid, again)
    await alarm(remediator, { labels: { remediate: 'none' }, fingerprint: 'feed' })
    await waitFor('the next incident', async () =>
      (await incidentsOf(remediator)).some(({ fingerprint, status }) => fingerprint === 'feed' && status === 'done'),
    )
    expect((await incidentsOf(remediator)).filter(({ fingerprint }) => fingerprint === 'beef')).toHaveLength(1)
    expect(stateOf(accused.pid)).toBe('S')
  })

  test('a no lets it go on then as well, and so does silence', async () => {
    const remediator = await startWith([KILL], { mode: 'confirm' })
    const [first, second] = [await askedAndResolved(remediator, 'beef'), await askedAndResolved(remediator, 'cafe')]
    await untilResolved(remediator, first.id)
    await untilResolved(remediator, second.id)
    expect((await answer(remediator, first.id, 'deny')).status).toBe(200)
    await waitFor('the first to go on', () => stateOf(first.accused.pid) === 'S')
    expect(stateOf(second.accused.pid)).toBe('T')
    runOut(remediator)
    await waitFor('the second to go on', () => stateOf(second.accused.pid) === 'S')
    expect(await closed(remediator, second.id)).toMatchObject({ status: 'done', reason: 'approval_expired' })
  })

  test('ends when a person lets what is frozen go on after its alert has ended', async () => {
    const remediator = await startWith([KILL], { mode: 'confirm' })
    const { accused, id } = await askedAndResolved(remediator)
    await untilResolved(remediator, id)
    const person = await signIn(remediator.url, tokenIn(remediator.stateDir, 'act'))
    expect((await person.submit(`/incidents/${id}`, `/incidents/${id}/thaw`)).status).toBe(303)
    expect(stateOf(accused.pid)).toBe('S')
    expect(await closed(remediator, id)).toMatchObject({ status: 'cancelled', reason: 'resolved' })
  })

  test('about a process that has ended meanwhile ends by itself', async () => {
    const { clock, remediator } = await startOnClock([KILL])
    const accused = await sleeper()
    await accuse(remediator, accused.pid)
    await asked(remediator)
    accused.kill('SIGKILL')
    await exitOf(accused)
    // The grace begins when it is first seen to be gone.
    const ended = await waitFor('it to end', async () => {
      clock.advance(2_000)
      return (await incidentsOf(remediator)).find(({ status }) => status === 'done')
    })
    expect(ended.outcome).toBe('target_gone')
  })

  test('can still be answered for a while when no remediator ran while its time ran out', async () => {
    const { clock, remediator: first } = await startOnClock([KILL])
    const accused = await sleeper()
    await accuse(first, accused.pid)
    const { id } = await asked(first)
    await first.close()
    clock.advance(3_600_000)
    const second = await startWith([KILL], { mode: 'confirm', stateDir: first.stateDir, hooks: { clock } })
    expect((await asked(second)).id).toBe(id)
    expect((await answer(second, id, 'approve')).status).toBe(200)
    expect(await exitOf(accused)).toBe('SIGTERM')
  })
})

describe('a yes', () => {
  test('to one process is none to another: the next one is asked about anew', async () => {
    const remediator = await startWith([{ ...KILL, approval: 'always' }])
    const [first, second] = [await sleeper(), await sleeper()]
    await accuse(remediator, first.pid)
    const { id } = await asked(remediator)
    await accuse(remediator, second.pid, { fingerprint: 'beef' })
    await answer(remediator, id, 'approve')
    expect(await exitOf(first)).toBe('SIGTERM')
    expect((await asked(remediator)).target).toMatchObject({ pid: second.pid })
    expect(stateOf(second.pid)).toBe('T')
  })

  test('is good for one attempt: what did not help is asked about again, and a person is called when nobody answers', async () => {
    const policy = {
      name: 'try',
      match: ['remediate="kill"'],
      ladder: [{ action: 'command', argv: [script(['exit 0'])] }],
      verify: [{ kind: 'check', command: ['false'], within_seconds: 1 }],
      attempts: 2,
    }
    const { clock, remediator } = await startOnClock([policy])
    const accused = await sleeper()
    await accuse(remediator, accused.pid)
    const { id } = await asked(remediator)
    await answer(remediator, id, 'approve', { by: 'ann' })
    await waitFor('the second question', async () => (await wholeIncident(remediator, id)).approvals.length === 2)
    expect((await asked(remediator)).attempts).toBe(1)
    clock.advance(901_000)
    await waitFor('the end', async () => (await wholeIncident(remediator, id)).status === 'done')
    const alerts = z.array(z.looseObject({ incident: z.string() })).parse(await (await call(remediator, '/api/human-alerts')).json())
    expect(alerts.map(({ incident }) => incident)).toEqual([id])
  })
})

describe('once and for all', () => {
  test('a yes to a first time counts for this program, action and policy, until it is revoked', async () => {
    const remediator = await startWith([{ ...KILL, approval: 'first-time' }])
    const first = await sleeper()
    await accuse(remediator, first.pid)
    await answer(remediator, (await asked(remediator)).id, 'approve', { by: 'ann' })
    expect(await exitOf(first)).toBe('SIGTERM')
    const list = async () => z.array(z.looseObject({ id: z.number() })).parse(await (await call(remediator, '/api/first-approvals')).json())
    const [remembered] = await list()
    expect(remembered).toMatchObject({ policy: 'stop', group: 'sleep', action: 'kill', answer: 'approve', by: 'ann', standing: false })
    expect((await call(remediator, `/api/first-approvals/${remembered?.id}/revoke`, { by: 'bob' })).status).toBe(200)
    expect((await call(remediator, `/api/first-approvals/${remembered?.id}/revoke`, {})).status).toBe(404)
    expect(await list()).toEqual([])
    const second = await sleeper()
    await accuse(remediator, second.pid, { fingerprint: 'beef' })
    expect((await asked(remediator)).target).toMatchObject({ pid: second.pid })
  })

  test('in mode confirm, "always" is what it says; a policy that always asks goes on asking', async () => {
    const remediator = await startWith(
      [
        { ...KILL, match: ['remediate="kill"', 'alertname="Loose"'] },
        { ...KILL, name: 'strict', approval: 'always' },
      ],
      {
        mode: 'confirm',
      },
    )
    const first = await sleeper()
    await accuse(remediator, first.pid, { labels: { alertname: 'Loose' } })
    const answered = await answer(remediator, (await asked(remediator)).id, 'approve', { always: true })
    expect(await answered.json()).toMatchObject({ remembered: true })
    expect(await exitOf(first)).toBe('SIGTERM')
    const second = await sleeper()
    await accuse(remediator, second.pid, { labels: { alertname: 'Loose' }, fingerprint: 'beef' })
    expect(await exitOf(second)).toBe('SIGTERM')
    const third = await sleeper()
    await accuse(remediator, third.pid, { fingerprint: 'cafe' })
    const strict = await answer(remediator, (await asked(remediator)).id, 'approve', { always: true })
    expect(await strict.json()).toMatchObject({ remembered: false })
  })

  test('a no with "always" leaves the program alone from then on, without freezing it', async () => {
    const remediator = await startRemediator({ mode: 'confirm' })
    const accused = await sleeper()
    await accuse(remediator, accused.pid)
    await answer(remediator, (await asked(remediator)).id, 'deny', { always: true, by: 'ann' })
    await accuse(remediator, accused.pid, { fingerprint: 'beef' })
    const second = await waitFor('the second', async () =>
      (await incidentsOf(remediator)).find(({ fingerprint, status }) => fingerprint === 'beef' && status === 'done'),
    )
    expect(second).toMatchObject({ reason: 'approval_denied' })
    expect(second.summary).toMatch(/ann.*procwarden approvals revoke \d+/)
    expect(stateOf(accused.pid)).toBe('S')
  })
})
