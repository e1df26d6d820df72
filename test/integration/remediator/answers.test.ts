import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { signIn, tokenIn } from '../../support/console.ts'
import { answer, asked, call, wholeIncident } from '../../support/people.ts'
import { accuse, script, startWith } from '../../support/policies.ts'
import { incidentsOf, settledIncident, type TestRemediator } from '../../support/remediator.ts'
import { exitOf, temporaryProcess } from '../../support/temporary.ts'
import { waitFor } from '../../support/wait-for.ts'

const CLI = path.resolve(import.meta.dirname, '../../../src/cli/main.ts')
const KILL = { name: 'stop', match: ['remediate="kill"'] }
const killing = (step: unknown) => ({ ...KILL, ladder: [step], verify: ['gone'] })
const sleeper = () => temporaryProcess('sleep', ['600'])

function procwarden({ stateDir, url }: TestRemediator, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const all = [CLI, ...args, '--state.dir', stateDir, '--remediator.url', url]
  return new Promise((resolve) => {
    execFile(process.execPath, all, (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, stdout, stderr }))
  })
}

/** The first attempt was approved and did not help; what is asked about now is bolder. */
async function askedTwice() {
  const idle = script(['exit 0'])
  const policy = {
    ...KILL,
    ladder: [
      { action: 'command', argv: [idle] },
      { action: 'kill', from_attempt: 2 },
    ],
    verify: [{ kind: 'check', command: ['false'], within_seconds: 1 }],
    attempts: 2,
  }
  const remediator = await startWith([policy], { mode: 'confirm' })
  const accused = await sleeper()
  await accuse(remediator, accused.pid)
  const { id } = await asked(remediator)
  const person = await signIn(remediator.url, tokenIn(remediator.stateDir, 'act'))
  const page = await (await person.get(`/incidents/${id}`)).text()
  const first = (await wholeIncident(remediator, id)).approvals[0]?.id ?? 0
  expect((await answer(remediator, id, 'approve', { approval: first })).status).toBe(200)
  const second = await waitFor('the second question', async () => (await wholeIncident(remediator, id)).approvals[1]?.id)
  const open = async (): Promise<boolean> => (await wholeIncident(remediator, id)).approvals[1]?.answer === null
  return { remediator, accused, id, first, second, open, person, page }
}

describe('an answer to the first question is none to the second', () => {
  test('over the API', async () => {
    const { remediator, accused, id, first, second, open } = await askedTwice()
    for (const verb of ['approve', 'deny']) {
      const refused = await answer(remediator, id, verb, { approval: first })
      expect(refused.status).toBe(409)
      expect(await refused.json()).toMatchObject({
        error: expect.stringMatching(new RegExp(`question ${first} .*number ${second}: .*kill`)),
      })
    }
    expect((await answer(remediator, id, 'approve', { approval: String(second) })).status).toBe(400)
    expect(await open()).toBe(true)
    expect((await answer(remediator, id, 'approve', { approval: second })).status).toBe(200)
    expect(await exitOf(accused)).toBe('SIGTERM')
    expect((await answer(remediator, id, 'approve', { approval: second })).status).toBe(409)
  })

  test('by a form of the console that was loaded before', async () => {
    const { remediator, accused, id, first, open, person, page } = await askedTwice()
    const route = `/incidents/${id}`
    // Of approving and denying, once and for all or not.
    expect([...page.matchAll(/name="approval" value="(\d+)"/g)].map(([, value]) => Number(value))).toEqual([first, first, first, first])
    for (const approval of [String(first), '', 'x']) {
      for (const verb of ['approve', 'deny']) await person.submit(route, `${route}/${verb}`, { approval })
      expect(await (await person.get(route)).text()).toContain('what you answered is not asked any more')
      expect(await open()).toBe(true)
    }
    await person.submit('/', `${route}/approve`)
    expect(await exitOf(accused)).toBe('SIGTERM')
    expect((await wholeIncident(remediator, id)).approvals[1]).toMatchObject({ answer: 'approve', answeredBy: 'alice' })
  })

  test('on the command line, which says what it has answered', { timeout: 120_000 }, async () => {
    const { remediator, id, first, second, open } = await askedTwice()
    expect(await procwarden(remediator, 'approve', id, '--question', String(first))).toMatchObject({
      code: 3,
      stderr: expect.stringContaining(`question ${first} is not open`),
    })
    expect(await open()).toBe(true)
    const denied = await procwarden(remediator, 'deny', id)
    expect(denied.stdout).toMatch(new RegExp(`^Denied: ${id}\n  Question ${second}, attempt 2: .*kill sleep`))
    expect((await wholeIncident(remediator, id)).approvals[1]).toMatchObject({ answer: 'deny', answeredHow: 'cli' })
  })
})

describe('a remembered answer', () => {
  const again = (remediator: TestRemediator, step: unknown, mode: 'confirm' | 'auto' = 'confirm') =>
    remediator.close().then(() => startWith([killing(step)], { mode, stateDir: remediator.stateDir }))
  const remembered = async (remediator: TestRemediator) =>
    z.array(z.looseObject({ id: z.number() })).parse(await (await call(remediator, '/api/first-approvals')).json())
  const waiting = (remediator: TestRemediator, fingerprint: string, status: string) =>
    waitFor(`${fingerprint} to be ${status}`, async () =>
      (await incidentsOf(remediator)).find((each) => each.fingerprint === fingerprint && each.status === status),
    )

  test('of yes counts for exactly the steps that were asked about, until it is revoked', async () => {
    const first = await startWith([killing('kill')], { mode: 'confirm' })
    const accused = [await sleeper(), await sleeper(), await sleeper(), await sleeper()] as const
    await accuse(first, accused[0].pid)
    await answer(first, (await asked(first)).id, 'approve', { always: true })
    expect(await exitOf(accused[0])).toBe('SIGTERM')
    await settledIncident(first)

    const bolder = await again(first, { action: 'kill', tree: true })
    await accuse(bolder, accused[1].pid, { fingerprint: 'beef' })
    const { id } = await waiting(bolder, 'beef', 'awaiting_approval')
    await answer(bolder, id, 'approve', { always: true })
    expect(await exitOf(accused[1])).toBe('SIGKILL')
    await waiting(bolder, 'beef', 'done')
    expect(await remembered(bolder)).toHaveLength(2)

    // The same as at first, written in another way.
    const same = await again(bolder, { tree: false, from_attempt: 1, action: 'kill' })
    await accuse(same, accused[2].pid, { fingerprint: 'cafe' })
    expect(await exitOf(accused[2])).toBe('SIGTERM')
    await waiting(same, 'cafe', 'done')

    const [oldest] = await remembered(same)
    expect((await call(same, `/api/first-approvals/${oldest?.id}/revoke`, {})).status).toBe(200)
    await accuse(same, accused[3].pid, { fingerprint: 'feed' })
    await waiting(same, 'feed', 'awaiting_approval')
  })

  test('of no counts for all that is called the same: an edit does not turn it into a yes', async () => {
    const first = await startWith([killing('kill')], { mode: 'confirm' })
    const accused = await sleeper()
    await accuse(first, accused.pid)
    await answer(first, (await asked(first)).id, 'deny', { always: true })
    const bolder = await again(first, { action: 'kill', tree: true }, 'auto')
    await accuse(bolder, accused.pid, { fingerprint: 'beef' })
    expect(await waiting(bolder, 'beef', 'done')).toMatchObject({ reason: 'approval_denied' })
    expect(readFileSync(`/proc/${accused.pid}/stat`, 'latin1')).toMatch(/\) S /)
  })
})
