import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { Database, databasePath } from '../../../src/remediator/store/database.ts'
import { acceptDelivery } from '../../../src/remediator/store/inbox.ts'
import { appendAuditEntry } from '../../../src/remediator/store/audit-entries.ts'
import { createIncident, listIncidents } from '../../../src/remediator/store/incidents.ts'
import { requestIntent } from '../../../src/remediator/store/intents.ts'
import { readStat, createProcfs } from '../../../src/lib/linux/proc-process.ts'
import { parseWebhookPayload } from '../../../src/remediator/webhook-payload.ts'
import { alertOf, incidentsOf, payloadOf, post, settledIncident, spawnRemediator, startRemediator } from '../../support/remediator.ts'
import { startSmtpServer } from '../../support/smtp.ts'
import { waitFor } from '../../support/wait-for.ts'
import { exitOf, temporaryDirectory, temporaryProcess } from '../../support/temporary.ts'

const sleeper = () => temporaryProcess('sleep', ['600'])

function alertsAgainst(pid: number) {
  const parsed = parseWebhookPayload(Buffer.from(JSON.stringify(payloadOf([alertOf({ labels: { group: 'sleep', pid: String(pid) } })]))))
  if (!parsed.ok) throw new Error(parsed.faults.join())
  return parsed.alerts
}

describe('between the acknowledgement and the action', () => {
  test('what was acknowledged before the process ended is acted upon after the next start, once', async () => {
    const stateDir = temporaryDirectory()
    const accused = await sleeper()
    const database = Database.open(databasePath(stateDir))
    acceptDelivery(database, alertsAgainst(accused.pid), new Date().toISOString())
    database.close()
    const remediator = await startRemediator({ stateDir })
    expect(await exitOf(accused)).toBe('SIGTERM')
    expect((await settledIncident(remediator)).timeline.filter((entry) => entry.event === 'signal.sent')).toHaveLength(1)
  })

  test('SIGKILL right after the 200, five times over, neither loses nor repeats an action', async () => {
    for (let round = 0; round < 5; round++) {
      const stateDir = temporaryDirectory()
      const accused = await sleeper()
      const first = await spawnRemediator(stateDir)
      const response = await post(first.url, first.token, payloadOf([alertOf({ labels: { group: 'sleep', pid: String(accused.pid) } })]))
      first.child.kill('SIGKILL')
      expect(response.status).toBe(200)
      await exitOf(first.child)
      const second = await startRemediator({ stateDir })
      expect(await exitOf(accused)).toBe('SIGTERM')
      const incident = await settledIncident(second)
      expect(['killed', 'target_gone']).toContain(incident.outcome)
      expect(incident.timeline.filter((entry) => entry.event === 'signal.sent').length).toBeLessThanOrEqual(1)
      expect(await incidentsOf(second)).toHaveLength(1)
      await second.close()
    }
  }, 60_000)
})

describe('in the middle of an action', () => {
  /** The state a crash leaves after the intent was written and before its outcome was. */
  async function interrupted(pid: number, startTicks: number): Promise<string> {
    const stateDir = temporaryDirectory()
    const database = Database.open(databasePath(stateDir))
    const [alert] = alertsAgainst(pid)
    if (!alert) throw new Error('one alert')
    const incident = createIncident(database, alert, new Date().toISOString())
    const grant = requestIntent(
      database,
      {
        incident: incident.id,
        action: 'kill',
        cooldownKey: 'process:sleep',
        policy: 'kill-runaway',
        targetKey: `process:${pid}:${startTicks}`,
        pid,
        startTicks,
        attempt: 1,
        step: 0,
        at: new Date().toISOString(),
      },
      { max: 5, windowMs: 60_000, durationMs: 120_000 },
      {},
      systemClock().boot(),
    )
    expect(grant.granted).toBe(true)
    database.close()
    return stateDir
  }

  test('a target that was signalled before the crash counts as stopped, and is mailed', async () => {
    const smtp = await startSmtpServer()
    const stateDir = await interrupted(4_194_303, 1)
    const database = Database.open(databasePath(stateDir))
    const incident = listIncidents(database, 1)[0]?.id ?? ''
    const at = new Date(Date.now() + 1_000).toISOString()
    appendAuditEntry(database, { at, event: 'signal.sent', incident, text: 'Sent TERM.', data: {} })
    database.close()
    const config = path.join(temporaryDirectory(), 'remediator.yml')
    writeFileSync(config, `mail: {smtp_url: "${smtp.url}", to: [ops@example.org]}\n`)
    const remediator = await startRemediator({ stateDir, configFile: config })
    expect(await settledIncident(remediator)).toMatchObject({ decision: 'act', outcome: 'killed' })
    await waitFor('the mail', () => smtp.received[0])
  })

  test('a target that is gone is not looked for again', async () => {
    const remediator = await startRemediator({ stateDir: await interrupted(4_194_303, 1) })
    const incident = await settledIncident(remediator)
    expect(incident).toMatchObject({ outcome: 'target_gone' })
    expect(incident.timeline.map((entry) => entry.event)).not.toContain('signal.sent')
  })

  test('a target that is still there after its grace is checked anew and dealt with once', async () => {
    const accused = await sleeper()
    const stat = readStat(accused.pid, createProcfs(systemClock()))
    const remediator = await startRemediator({ stateDir: await interrupted(accused.pid, stat?.startTicks ?? 0) })
    expect(await exitOf(accused)).toBe('SIGTERM')
    const incident = await settledIncident(remediator)
    expect(incident).toMatchObject({ outcome: 'killed' })
    expect(incident.timeline.map((entry) => entry.event)).toContain('recovered')
  })
})

describe('in the middle of a ladder', () => {
  const ladder = (folder: string) => ({
    policies: [
      {
        name: 'steps',
        match: ['remediate="kill"'],
        ladder: ['freeze', { action: 'command', argv: ['sh', '-c', `echo ran >> ${folder}/log; exec sleep 2`] }, 'kill'],
        verify: ['gone'],
      },
    ],
  })

  test('a script that was under way is not taken for done and not repeated blindly; the frozen process is dealt with', async () => {
    const folder = temporaryDirectory()
    const config = path.join(folder, 'remediator.yml')
    writeFileSync(config, JSON.stringify(ladder(folder)))
    const stateDir = temporaryDirectory()
    const accused = await sleeper()
    const first = await spawnRemediator(stateDir, ['--config.file', config])
    await post(first.url, first.token, payloadOf([alertOf({ labels: { group: 'sleep', pid: String(accused.pid) } })]))
    await waitFor('the script', () => existsSync(`${folder}/log`))
    first.child.kill('SIGKILL')
    await exitOf(first.child)
    expect(accused.signalCode).toBeNull()
    const second = await startRemediator({ stateDir, configFile: config })
    expect(await exitOf(accused)).toBe('SIGTERM')
    const incident = await settledIncident(second)
    expect(incident).toMatchObject({ outcome: 'killed', attempts: 2 })
    const events = incident.timeline.map((entry) => entry.event)
    expect(events).toEqual(expect.arrayContaining(['recovered', 'attempt.failed']))
    // Once in each attempt, and each attempt is on record before it.
    expect(readFileSync(`${folder}/log`, 'utf8')).toBe('ran\nran\n')
    expect(await incidentsOf(second)).toHaveLength(1)
  }, 60_000)

  test('what was frozen when the remediator was killed is known to the next one: the ladder goes on behind it', async () => {
    const folder = temporaryDirectory()
    const config = path.join(folder, 'remediator.yml')
    writeFileSync(
      config,
      JSON.stringify({ policies: [{ name: 'hold', match: ['remediate="kill"'], ladder: ['freeze', 'kill'], verify: ['gone'] }] }),
    )
    const stateDir = temporaryDirectory()
    const accused = await sleeper()
    const stat = readStat(accused.pid, createProcfs(systemClock()))
    const targetKey = `process:${accused.pid}:${stat?.startTicks ?? 0}`
    // The state that a crash leaves right after SIGSTOP and before the outcome was written.
    const database = Database.open(databasePath(stateDir))
    const [alert] = alertsAgainst(accused.pid)
    if (!alert) throw new Error('one alert')
    const incident = createIncident(database, alert, new Date().toISOString())
    const intent = {
      incident: incident.id,
      action: 'freeze',
      cooldownKey: 'process:sleep',
      policy: 'hold',
      targetKey,
      attempt: 1,
      step: 0,
    } as const
    const at = new Date().toISOString()
    requestIntent(
      database,
      { ...intent, pid: accused.pid, startTicks: stat?.startTicks ?? 0, at },
      { max: 5, windowMs: 60_000, durationMs: 120_000 },
      {},
      systemClock().boot(),
    )
    database.close()
    accused.kill('SIGSTOP')
    const remediator = await startRemediator({ stateDir, configFile: config })
    expect(await exitOf(accused)).toBe('SIGTERM')
    const settled = await settledIncident(remediator)
    expect(settled.outcome).toBe('killed')
    expect(settled.timeline.map((entry) => entry.event)).toContain('recovered')
  })
})
