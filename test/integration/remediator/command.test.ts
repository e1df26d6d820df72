import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { accuse, alarm, script, startWith } from '../../support/policies.ts'
import { settledIncident } from '../../support/remediator.ts'
import { temporaryDirectory, temporaryProcess } from '../../support/temporary.ts'

const own = (argv: readonly string[], more = {}) => ({
  name: 'own-script',
  match: ['remediate="command"'],
  ladder: [{ action: 'command', argv, ...more }],
  verify: [{ kind: 'check', command: ['true'] }],
})

describe('a command of the user', () => {
  test('gets the alert as JSON on its input and in its environment, and no secret of ours', async () => {
    const folder = temporaryDirectory()
    process.env['PROCWARDEN_SMTP_URL'] = 'smtp://user:hunter2@127.0.0.1:1'
    process.env['PROCWARDEN_MAIL_TO'] = 'a@example.org'
    const remediator = await startWith([own([script([`cat > ${folder}/stdin`, `env > ${folder}/env`, 'echo said; echo complained >&2'])])])
    delete process.env['PROCWARDEN_SMTP_URL']
    delete process.env['PROCWARDEN_MAIL_TO']
    await alarm(remediator, { labels: { remediate: 'command', probe: 'web' }, annotations: { summary: 'it is slow' } })
    const incident = await settledIncident(remediator)
    expect(incident).toMatchObject({ outcome: 'executed', action: 'command', target: { kind: 'probe', name: 'web' } })
    expect(incident.timeline.find((entry) => entry.event === 'acted')?.data).toMatchObject({ stdout: 'said', stderr: 'complained' })
    const told = { policy: 'own-script', attempt: 1, alert: { labels: { probe: 'web' }, annotations: { summary: 'it is slow' } } }
    expect(JSON.parse(readFileSync(`${folder}/stdin`, 'utf8'))).toMatchObject(told)
    const environment = readFileSync(`${folder}/env`, 'utf8')
    expect(JSON.parse(/^PROCWARDEN_ALERT=(.*)$/m.exec(environment)?.[1] ?? '')).toMatchObject(told)
    expect(environment).toContain(`PROCWARDEN_INCIDENT=${incident.id}\n`)
    expect(environment).not.toContain('hunter2')
  })

  test('that hangs is ended in time, with what it started', async () => {
    const folder = temporaryDirectory()
    const hanging = script([`sleep 600 & echo $! > ${folder}/child`, 'trap "" TERM', 'wait; wait'])
    const remediator = await startWith([
      { ...own([hanging], { timeout_seconds: 0.5 }), attempts: 1, verify: [{ kind: 'check', command: ['false'] }] },
    ])
    await alarm(remediator, { labels: { remediate: 'command' } })
    expect(await settledIncident(remediator)).toMatchObject({ outcome: 'failed', reason: 'timed_out' })
    expect(existsSync(`/proc/${readFileSync(`${folder}/child`, 'utf8').trim()}`)).toBe(false)
  })

  test('that prints without end is cut off, and lives', async () => {
    const remediator = await startWith([own([script(['yes | head -c 20000000'])], { output_bytes_max: 100 })])
    await alarm(remediator, { labels: { remediate: 'command' } })
    const incident = await settledIncident(remediator)
    expect(incident.outcome).toBe('executed')
    expect(incident.timeline.find((entry) => entry.event === 'acted')?.data).toMatchObject({ outputCut: true })
  })

  test('that is not there fails with a sentence', async () => {
    const remediator = await startWith([{ ...own(['/nowhere/script']), attempts: 1, verify: [{ kind: 'check', command: ['false'] }] }])
    await alarm(remediator, { labels: { remediate: 'command' } })
    const incident = await settledIncident(remediator)
    expect(incident).toMatchObject({ outcome: 'failed', reason: 'command_failed' })
    expect(incident.summary).toContain('/nowhere/script could not be started')
  })

  test('labels are data: no shell ever reads them', async () => {
    const folder = temporaryDirectory()
    const hostile = `'"; touch ${folder}/pwned; $(touch ${folder}/pwned) \`touch ${folder}/pwned\` \n\u001b[31m {{group}}`
    const remediator = await startWith([own([script([`cat > ${folder}/stdin`]), 'a fixed argument'])])
    await alarm(remediator, {
      labels: { remediate: 'command', group: hostile, probe: hostile, service: hostile },
      annotations: { summary: hostile },
    })
    expect(await settledIncident(remediator)).toMatchObject({ outcome: 'executed' })
    expect(existsSync(path.join(folder, 'pwned'))).toBe(false)
    expect(JSON.parse(readFileSync(`${folder}/stdin`, 'utf8'))).toMatchObject({ alert: { labels: { group: hostile } } })
  })
})

describe('the ladder', () => {
  test('a bolder step joins in from a later attempt, and each attempt is verified anew', async () => {
    const folder = temporaryDirectory()
    const gentle = script([`echo gentle >> ${folder}/log`])
    const bold = script([`echo bold >> ${folder}/log`])
    const remediator = await startWith([
      {
        name: 'climb',
        match: ['remediate="command"'],
        ladder: [{ action: 'command', argv: [gentle] }, { action: 'command', argv: [bold], from_attempt: 2 }, 'notify'],
        verify: [{ kind: 'check', command: ['grep', '-q', 'bold', `${folder}/log`] }],
      },
    ])
    await alarm(remediator, { labels: { remediate: 'command' } })
    expect(await settledIncident(remediator)).toMatchObject({ outcome: 'executed', attempts: 2, escalatedAt: null })
    expect(readFileSync(`${folder}/log`, 'utf8')).toBe('gentle\ngentle\nbold\n')
  })

  test('Prometheus that does not answer is neither success nor failure', async () => {
    const remediator = await startWith(
      [{ ...own(['true']), verify: [{ kind: 'promql', query: 'up{group={{group}}} == 0', within_seconds: 0 }] }],
      { prometheusUrl: 'http://127.0.0.1:1' },
    )
    await alarm(remediator, { labels: { remediate: 'command' } })
    expect(await settledIncident(remediator, ['deferred'])).toMatchObject({ reason: 'verify_unknown', outcome: null, attempts: 1 })
  })

  test('an alert that has resolved meanwhile verifies alert-inactive', async () => {
    const remediator = await startWith([{ ...own(['true']), verify: ['alert-inactive'] }], { prometheusUrl: 'http://127.0.0.1:1' })
    await alarm(remediator, { labels: { remediate: 'command' } })
    await settledIncident(remediator, ['deferred'])
    await alarm(remediator, { labels: { remediate: 'command' }, status: 'resolved' })
    expect(await settledIncident(remediator)).toMatchObject({ outcome: 'executed', reason: 'none' })
  })
})

describe('the snapshot before an action', () => {
  test('keeps what the process was, its alert, and the paths of the policy; never a value of its environment', async () => {
    const folder = temporaryDirectory()
    const kept = path.join(folder, 'settings.ini')
    writeFileSync(kept, 'before', { mode: 0o640 })
    const breaks = script([`echo after > ${kept}`])
    const undo = script([`cat > ${folder}/undone`])
    const remediator = await startWith([
      {
        name: 'keep',
        match: ['remediate="command"'],
        ladder: [{ action: 'command', argv: [breaks] }],
        verify: [{ kind: 'check', command: ['true'] }],
        snapshot: { paths: [kept, `${folder}/absent`] },
        rollback: { command: [undo] },
      },
    ])
    const accused = await temporaryProcess('sleep', ['600'], { env: { SECRET_TOKEN: 'hunter2', PATH: process.env['PATH'] } })
    await accuse(remediator, accused.pid, { labels: { remediate: 'command' } })
    const incident = await settledIncident(remediator)
    const text = readFileSync(path.join(remediator.stateDir, 'remediator/snapshots', `${incident.id}-1`, 'snapshot.json'), 'utf8')
    expect(text).not.toContain('hunter2')
    const snapshot = JSON.parse(text) as { process: Record<string, unknown>; alert: unknown; missing: string[] }
    expect(snapshot).toMatchObject({ alert: { labels: { pid: String(accused.pid) } }, process: { cmdline: ['sleep', '600'] } })
    expect(snapshot.process['environmentNames']).toContain('SECRET_TOKEN')
    for (const name of ['status', 'limits', 'cgroup', 'openFiles']) expect(snapshot.process).toHaveProperty(name)
    expect(snapshot.missing.join()).toContain(`${folder}/absent`)

    expect(readFileSync(kept, 'utf8')).toBe('after\n')
    const response = await fetch(`${remediator.url}/api/incidents/${incident.id}/rollback`, {
      method: 'POST',
      headers: { authorization: `Bearer ${remediator.token}`, 'content-type': 'application/json' },
      body: '{}',
    })
    expect(await response.json()).toMatchObject({
      failed: [],
      done: [expect.stringContaining('1 paths'), expect.stringContaining('rollback command')],
    })
    expect(readFileSync(kept, 'utf8')).toBe('before')
    expect(readFileSync(`${folder}/undone`, 'utf8')).toContain(incident.id)
  })

  test('is put back once: what somebody changed after a rollback stays, what failed is tried again', async () => {
    const folder = temporaryDirectory()
    const [kept, blocked] = [path.join(folder, 'settings.ini'), path.join(folder, 'more/settings.ini')]
    mkdirSync(path.dirname(blocked))
    for (const file of [kept, blocked]) writeFileSync(file, 'before')
    const remediator = await startWith([
      {
        ...own([script([`echo after > ${kept}; rm -r ${folder}/more`])]),
        snapshot: { paths: [kept, blocked] },
        rollback: { command: [script([`echo ran >> ${folder}/undone; test -d ${folder}/more`])] },
      },
    ])
    await alarm(remediator, { labels: { remediate: 'command' } })
    const { id } = await settledIncident(remediator)
    const rollback = async () => {
      const headers = { authorization: `Bearer ${remediator.token}`, 'content-type': 'application/json' }
      const response = await fetch(`${remediator.url}/api/incidents/${id}/rollback`, { method: 'POST', headers, body: '{}' })
      return (await response.json()) as { done: string[]; failed: string[]; cannot: string[] }
    }
    const first = await rollback()
    expect(first.done).toEqual([expect.stringContaining('Put back 1 paths')])
    expect(first.failed).toEqual([expect.stringContaining(`${blocked}: ENOENT`), expect.stringContaining('exit code 1')])

    writeFileSync(kept, 'newer')
    mkdirSync(path.dirname(blocked))
    const second = await rollback()
    expect(second.done).toEqual([expect.stringContaining('Put back 1 paths'), expect.stringContaining('rollback command')])
    expect(second.cannot).toEqual([expect.stringContaining('1 paths from snapshot')])
    expect(readFileSync(blocked, 'utf8')).toBe('before')

    const third = await rollback()
    expect(third).toMatchObject({ done: [], failed: [] })
    expect(third.cannot).toEqual([expect.stringContaining('2 paths from snapshot'), expect.stringContaining('not run again')])
    expect(readFileSync(kept, 'utf8')).toBe('newer')
    expect(readFileSync(`${folder}/undone`, 'utf8')).toBe('ran\nran\n')
  }, 60_000)
})
