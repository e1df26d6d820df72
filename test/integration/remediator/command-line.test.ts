import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { alertOf, payloadOf, post, settledIncident, startRemediator, type TestRemediator } from '../../support/remediator.ts'
import { temporaryDirectory, temporaryProcess } from '../../support/temporary.ts'

const CLI = path.resolve(import.meta.dirname, '../../../src/cli/main.ts')

let remediator: TestRemediator
let id: string

function procwarden(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const all = [CLI, ...args, '--state.dir', remediator.stateDir]
  return new Promise((resolve) => {
    execFile(process.execPath, all, (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, stdout, stderr }))
  })
}

// Each call starts a Node of its own, a second or more on a busy machine.
describe('the command line', { timeout: 120_000 }, () => {
  beforeEach(async () => {
    remediator = await startRemediator({ mode: 'confirm' })
    const accused = await temporaryProcess('sleep', ['600'])
    const labels = { group: 'sleep', pid: String(accused.pid) }
    const annotations = { current: '3000', baseline: '12', threshold: '100', unit: 'files', description: 'It writes \u001b[31mfiles.' }
    await post(remediator.url, remediator.token, payloadOf([alertOf({ labels, annotations, startsAt: new Date(Date.now() + 1_000) })]))
    ;({ id } = await settledIncident(remediator, ['awaiting_approval']))
  })

  test('show tells the evidence, the figures, the timeline and what can be done; a beginning of the id is enough', async () => {
    const { code, stdout } = await procwarden('show', id)
    expect(code).toBe(0)
    for (const part of [id, 'Evidence', '3000 files', '12 files', 'Timeline', 'opened', `procwarden approve ${id}`])
      expect(stdout).toContain(part)
    expect(stdout).not.toContain('\u001b')
    expect(JSON.parse((await procwarden('show', id, '--json')).stdout)).toMatchObject({ id, snapshots: [], holds: expect.any(Array) })
    expect((await procwarden('show', id.slice(0, -3))).stdout).toContain(id)
    expect(await procwarden('show', 'nothing')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('procwarden incidents lists them'),
    })
  })

  test('incidents are filtered', async () => {
    const ids = async (...args: string[]) =>
      (JSON.parse((await procwarden('incidents', '--json', ...args)).stdout) as Array<{ id: string }>).map((each) => each.id)
    expect(await ids('--status', 'awaiting_approval')).toEqual([id])
    expect(await ids('--group', 'sleep', '--since', '1h')).toEqual([id])
    expect(await ids('--outcome', 'killed')).toEqual([])
    expect(await ids('--until', '1h')).toEqual([])
    expect(await procwarden('incidents', '--since', 'yesterday')).toMatchObject({ code: 1, stderr: expect.stringContaining('90m, 2h, 7d') })
  })

  test('the kill switch works with and without a remediator that answers', async () => {
    const over = ['--remediator.url', remediator.url]
    expect(await procwarden('pause', '--why', 'deploying', ...over)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('deploying'),
    })
    expect(JSON.parse((await procwarden('status', '--json', ...over)).stdout)).toMatchObject({
      running: true,
      mode: 'confirm',
      pause: { why: 'deploying' },
    })
    expect((await procwarden('resume', ...over)).stdout).toBe('Actions are allowed.\n')
    await remediator.close()
    expect((await procwarden('pause')).stdout).toContain('Paused by')
    const stopped = await procwarden('status')
    expect([stopped.code, stopped.stdout]).toEqual([1, expect.stringMatching(/does not run.*paused by/is)])
    expect((await procwarden('resume')).stdout).toBe('Actions are allowed.\n')
    expect(await procwarden('audit', 'verify')).toMatchObject({ code: 0 })
    expect(await procwarden('pause', ...over)).toMatchObject({ code: 1, stderr: expect.stringContaining('does not answer') })
  })

  test('the audit trail is exported whole or in part, and summed up', async () => {
    const lines = (await procwarden('audit', 'export')).stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { seq: number; event: string })
    expect(lines.map(({ seq }) => seq)).toEqual(lines.map((_line, index) => index + 1))
    const file = path.join(temporaryDirectory(), 'audit.csv')
    expect((await procwarden('audit', 'export', '--format', 'csv', '--incident', id, '--output', file)).code).toBe(0)
    expect(readFileSync(file, 'utf8')).toMatch(/^seq,at,event,incident,text,data,prev,hash\n\d+,.*,opened,/)
    expect(await procwarden('audit', 'export', '--output', file)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('cannot write'),
    })
    expect(JSON.parse((await procwarden('audit', 'stats', '--json')).stdout)).toMatchObject({
      detected: 1,
      healed: 0,
      weeks: [{ detected: 1 }],
    })
    expect((await procwarden('audit', 'stats')).stdout).toContain('DETECTED')
  })

  test('an answer is taken to the remediator, and a second one is refused with the reason', async () => {
    const over = ['--remediator.url', remediator.url]
    expect((await procwarden('deny', id, ...over)).stdout).toContain(`Denied: ${id}`)
    expect(await procwarden('approve', id, ...over)).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('does not wait for an answer'),
    })
    expect(await procwarden('approve', 'nothing', ...over)).toMatchObject({ code: 1, stderr: expect.stringContaining('no such incident') })
    expect(await procwarden('approve', id)).toMatchObject({ code: 1, stderr: expect.stringContaining('--remediator.url') })
  })

  test('what waits for an answer and what is remembered are listed; a remembered answer is revoked', async () => {
    const over = ['--remediator.url', remediator.url]
    const listed = await procwarden('approvals')
    for (const part of ['kill sleep', 'frozen meanwhile', `procwarden approve ${id} --question 1`, 'No answer is remembered'])
      expect(listed.stdout).toContain(part)
    expect((await procwarden('completion', '--ids-for', 'approve')).stdout).toBe(`${id}\n`)
    // The beginning of the id is enough.
    const approved = await procwarden('approve', id.slice(0, -2), '--always', '--json', ...over)
    expect(JSON.parse(approved.stdout)).toMatchObject({ id, remembered: true, question: { id: 1, action: 'kill', attempt: 1 } })
    const { remembered } = JSON.parse((await procwarden('approvals', '--json')).stdout) as { remembered: Array<{ id: number }> }
    expect(remembered).toEqual([expect.objectContaining({ group: 'sleep', standing: true, how: 'cli' })])
    expect(await procwarden('approvals', 'revoke', String(remembered[0]?.id), ...over)).toMatchObject({ code: 0 })
    expect(await procwarden('approvals', 'revoke', String(remembered[0]?.id), ...over)).toMatchObject({ code: 1 })
  })

  test('nobody is called for what nobody was called for', async () => {
    expect(await procwarden('ack', id)).toMatchObject({ code: 3, stderr: expect.stringContaining('nobody is called') })
    expect(await procwarden('acknowledge', 'nothing')).toMatchObject({ code: 1, stderr: expect.stringContaining('procwarden incidents') })
    expect((await procwarden('incidents', '--called')).stdout).toBe('No incidents.\n')
  })
})
