import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { alertOf, payloadOf, post, settledIncident, spawnRemediator } from '../../support/remediator.ts'
import { mayRunSystemd, startSystemd, type SystemdMachine } from '../../support/systemd.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

const POLICY = {
  name: 'again',
  match: ['remediate="restart"'],
  ladder: [{ action: 'restart', settle_seconds: 0.3 }],
  verify: ['service-up'],
}

/** A program in a unit of a systemd of its own, and a remediator beside it. */
async function startManaged(unit: (program: string, folder: string) => string, policy: object = POLICY) {
  const folder = temporaryDirectory()
  const program = path.join(folder, 'billing-server')
  writeFileSync(program, '#!/bin/sh\nwhile :; do sleep 0.1; done\n', { mode: 0o755 })
  const machine = await startSystemd({ 'billing.service': unit(program, folder) }, ['billing.service'])
  const configFile = path.join(folder, 'remediator.yml')
  writeFileSync(configFile, stringify({ policies: [policy] }))
  const remediator = await spawnRemediator(path.join(folder, 'state'), ['--config.file', configFile], {}, machine.inside)
  const labels = { alertname: 'MemoryLeakFast', remediate: 'restart', group: 'billing-server', kind: 'limit' }
  const alarm = () => post(remediator.url, remediator.token, payloadOf([alertOf({ labels })]))
  return { folder, machine, remediator, alarm }
}

const mainPid = (machine: SystemdMachine) => machine.systemctl('show', '--property=MainPID', '--value', 'billing.service').trim()

describe.runIf(mayRunSystemd())('restart through a real systemd', { timeout: 60_000 }, () => {
  test('the unit is found by the control group of its process, restarted, and seen to be up as another process', async () => {
    const { machine, remediator, alarm } = await startManaged(
      (program) => `[Unit]\nDefaultDependencies=no\n[Service]\nExecStart=${program}\nKillSignal=SIGKILL\n`,
    )
    const before = mainPid(machine)
    await alarm()
    expect(await settledIncident(remediator)).toMatchObject({
      outcome: 'restarted',
      action: 'restart',
      target: { kind: 'service', managed: { manager: 'systemd', name: 'billing.service' } },
    })
    expect(machine.systemctl('is-active', 'billing.service').trim()).toBe('active')
    expect(mainPid(machine)).not.toBe(before)
  })

  test('a unit that does not come up again within its time is a failed restart, and is handed on', async () => {
    const policy = {
      ...POLICY,
      ladder: [{ action: 'restart', up_within_seconds: 1, settle_seconds: 0.3 }],
      verify: [{ kind: 'service-up', within_seconds: 0 }],
      attempts: 1,
    }
    // Its second start fails.
    const { machine, remediator, alarm } = await startManaged(
      (program, folder) =>
        `[Unit]\nDefaultDependencies=no\n[Service]\nExecStart=/bin/sh -c 'mkdir ${folder}/once && exec ${program}'\nKillSignal=SIGKILL\n`,
      policy,
    )
    await alarm()
    const incident = await settledIncident(remediator)
    expect(incident).toMatchObject({ outcome: 'failed', reason: 'not_started' })
    expect(incident.escalatedAt).not.toBeNull()
    expect(incident.summary).toContain('billing.service')
    expect(() => machine.systemctl('is-active', 'billing.service')).toThrow('Command failed')
  })
})
