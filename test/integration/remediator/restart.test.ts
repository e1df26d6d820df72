import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { alarm, script, startWith } from '../../support/policies.ts'
import { settledIncident, startRemediator } from '../../support/remediator.ts'
import { afterTest, temporaryDirectory, temporaryProcess } from '../../support/temporary.ts'
import { waitFor } from '../../support/wait-for.ts'

/** A program that is kept running by a supervisor of its own, as a service manager would keep it. */
async function startSupervised(name: string) {
  const folder = temporaryDirectory()
  const program = path.join(folder, name)
  const pidFile = path.join(folder, 'pid')
  writeFileSync(program, '#!/bin/sh\ntrap "exit 0" TERM\nwhile :; do sleep 0.05; done\n', { mode: 0o755 })
  const supervisor = path.join(folder, 'supervisor.sh')
  writeFileSync(
    supervisor,
    `#!/bin/sh\nwhile :; do sh ${program} & echo $! > ${pidFile}.new; mv ${pidFile}.new ${pidFile}; wait $!; done\n`,
  )
  const child = await temporaryProcess('sh', [supervisor], { detached: true })
  afterTest(() => {
    process.kill(-child.pid, 'SIGKILL')
  })
  const pid = (): number => Number(readFileSync(pidFile, 'utf8'))
  await waitFor('the program to run', () => {
    try {
      return pid() > 0
    } catch {
      return false
    }
  })
  return { pid, pidFile, kill: () => process.kill(-child.pid, 'SIGKILL') }
}

const POLICY = { name: 'again', match: ['remediate="restart"'], verify: ['service-up'] }

describe('restart by a command', () => {
  test('the program comes up again as another process, and that is verified', async () => {
    const service = await startSupervised('billing-server')
    const before = service.pid()
    const restart = script([`cat > ${service.pidFile}.alert`, `kill -TERM $(cat ${service.pidFile})`])
    const remediator = await startWith([{ ...POLICY, ladder: [{ action: 'restart', command: [restart], settle_seconds: 0.3 }] }])
    await alarm(remediator, { labels: { remediate: 'restart', group: 'billing-server', kind: 'limit' } })
    const incident = await settledIncident(remediator)
    expect(incident).toMatchObject({
      outcome: 'restarted',
      action: 'restart',
      target: { kind: 'service', name: 'billing-server', managed: { manager: 'command' } },
    })
    expect(service.pid()).not.toBe(before)
    expect(JSON.parse(readFileSync(`${service.pidFile}.alert`, 'utf8'))).toMatchObject({
      policy: 'again',
      alert: { labels: { group: 'billing-server' } },
    })
  })

  test('a program that does not come up within its time is a failed restart; after all attempts it is handed on', async () => {
    const service = await startSupervised('billing-server')
    const count = path.join(temporaryDirectory(), 'count')
    const restart = script([`echo x >> ${count}`])
    const step = { action: 'restart', command: [restart], up_within_seconds: 1, settle_seconds: 0 }
    const remediator = await startWith([{ ...POLICY, ladder: [step], attempts: 2, verify: [{ kind: 'service-up', within_seconds: 0 }] }])
    const before = service.pid()
    await alarm(remediator, { labels: { remediate: 'restart', group: 'billing-server' } })
    const incident = await settledIncident(remediator)
    expect(incident).toMatchObject({ outcome: 'failed', reason: 'not_started', attempts: 2 })
    expect(incident.escalatedAt).not.toBeNull()
    expect(incident.timeline.map((entry) => entry.event)).toEqual(expect.arrayContaining(['attempt.failed', 'escalated']))
    expect(readFileSync(count, 'utf8')).toBe('x\nx\n')
    expect(service.pid()).toBe(before)
  })

  test('a service that is down is started', async () => {
    const folder = temporaryDirectory()
    const program = path.join(folder, 'downed-server')
    writeFileSync(program, '#!/bin/sh\nwhile :; do sleep 0.1; done\n')
    const start = script([`sh ${program} > /dev/null 2>&1 &`, `echo $! > ${folder}/pid`])
    afterTest(() => void process.kill(Number(readFileSync(`${folder}/pid`, 'utf8')), 'SIGKILL'))
    const remediator = await startWith([{ ...POLICY, ladder: [{ action: 'restart', command: [start], settle_seconds: 0.2 }] }])
    await alarm(remediator, { labels: { alertname: 'ServiceDown', remediate: 'restart', group: 'downed-server' } })
    expect(await settledIncident(remediator)).toMatchObject({ outcome: 'restarted' })
  })

  test('kill and restart: the old process is ended, a new one is up', async () => {
    const service = await startSupervised('billing-server')
    const before = service.pid()
    const remediator = await startWith([
      { ...POLICY, ladder: ['kill', { action: 'restart', command: ['true'], settle_seconds: 0.2 }], verify: ['gone', 'service-up'] },
    ])
    await alarm(remediator, { labels: { remediate: 'restart', group: 'billing-server' } })
    expect(await settledIncident(remediator)).toMatchObject({ outcome: 'killed', action: 'kill', target: { kind: 'process', pid: before } })
    expect(service.pid()).not.toBe(before)
  })
})

describe('restart through a manager', () => {
  /** A program on PATH where the manager's own would be: it keeps its arguments, and answers as that would. */
  function standIn(name: string, lines: readonly string[]): { readonly log: () => string } {
    const folder = temporaryDirectory()
    const log = path.join(folder, 'log')
    writeFileSync(
      path.join(folder, name),
      `#!/bin/sh\nfor argument in "$@"; do printf '[%s]' "$argument"; done >> ${log}; echo >> ${log}\n${lines.join('\n')}\n`,
      {
        mode: 0o755,
      },
    )
    const before = process.env['PATH']
    process.env['PATH'] = `${folder}:${before}`
    afterTest(() => void (process.env['PATH'] = before))
    return { log: () => readFileSync(log, 'utf8') }
  }

  test('systemd: the unit is asked for by name, and must be up since', async () => {
    const running = await temporaryProcess('sleep', ['600'])
    const systemctl = standIn('systemctl', [
      `[ "$1" = show ] && printf 'ActiveState=active\\nSubState=running\\nMainPID=0\\nInvocationID=a=b\\n'`,
      'exit 0',
    ])
    const remediator = await startWith([{ ...POLICY, ladder: [{ action: 'restart', unit: 'billing@1.service', settle_seconds: 0 }] }])
    await alarm(remediator, { labels: { remediate: 'restart', group: 'sleep' } })
    expect(await settledIncident(remediator)).toMatchObject({
      outcome: 'restarted',
      target: { managed: { manager: 'systemd', name: 'billing@1.service' } },
    })
    expect(systemctl.log()).toContain('[--no-ask-password][--no-block][restart][--][billing@1.service]\n')
    expect(running.exitCode).toBeNull()
  })

  test('systemd: a unit whose main process is the old one is not up', async () => {
    const old = await temporaryProcess('sleep', ['600'])
    standIn('systemctl', [
      `[ "$1" = show ] && printf 'ActiveState=active\\nSubState=running\\nMainPID=${old.pid}\\nInvocationID=x\\n'`,
      'exit 0',
    ])
    const step = { action: 'restart', unit: 'billing.service', up_within_seconds: 1, settle_seconds: 0 }
    const remediator = await startWith([{ ...POLICY, ladder: [step], attempts: 1, verify: [{ kind: 'service-up', within_seconds: 0 }] }])
    await waitFor(
      'the process to be older than the clock can tell apart',
      () => readFileSync(`/proc/${old.pid}/comm`, 'utf8') === 'sleep\n',
    )
    await alarm(remediator, { labels: { remediate: 'restart', group: 'sleep' }, startsAt: new Date(Date.now() + 1_000) })
    expect(await settledIncident(remediator)).toMatchObject({ outcome: 'failed', reason: 'not_started' })
  })

  test('docker: its own health check counts', async () => {
    const state = path.join(temporaryDirectory(), 'state')
    writeFileSync(state, 'starting')
    const docker = standIn('docker', [
      `[ "$1" = restart ] && exit 0`,
      `printf '{"Status":"running","Running":true,"StartedAt":"2999-01-01T00:00:00Z","Health":{"Status":"%s"}}' "$(cat ${state})"; printf healthy > ${state}`,
    ])
    const remediator = await startWith([{ ...POLICY, ladder: [{ action: 'restart', container: 'web-1', settle_seconds: 0 }] }])
    await alarm(remediator, { labels: { remediate: 'restart', group: 'nginx-x' } })
    expect(await settledIncident(remediator)).toMatchObject({
      outcome: 'restarted',
      target: { managed: { manager: 'docker', name: 'web-1' } },
    })
    expect(docker.log()).toContain('[restart][--][web-1]\n')
  })

  test('podman, where there is no docker: it answers alike, and an image without a health check is no sick one', async () => {
    const podman = standIn('podman', [
      `[ "$1" = restart ] && exit 0`,
      `printf '{"Status":"running","Running":true,"StartedAt":"2999-01-01T00:00:00Z","Health":{"Status":""}}'`,
    ])
    const [folder = ''] = (process.env['PATH'] ?? '').split(':')
    process.env['PATH'] = `${folder}:/usr/bin:/bin`
    const remediator = await startWith([{ ...POLICY, ladder: [{ action: 'restart', container: 'web-1', settle_seconds: 0 }] }])
    await alarm(remediator, { labels: { remediate: 'restart', group: 'nginx-x' } })
    expect(await settledIncident(remediator)).toMatchObject({ outcome: 'restarted' })
    expect(podman.log()).toContain('[restart][--][web-1]\n')
  })

  test('pm2: the application is found by its process', async () => {
    const running = await temporaryProcess('sleep', ['601'])
    const pm2 = standIn('pm2', [
      `[ "$1" = jlist ] && printf '>>>> greeting\\n[{"pid":%d,"pm_id":3,"name":"api","pm2_env":{"status":"online","pm_uptime":99999999999999,"restart_time":1}}]' ${running.pid}`,
      'exit 0',
    ])
    const remediator = await startWith([{ ...POLICY, ladder: [{ action: 'restart', manager: 'pm2', settle_seconds: 0 }] }])
    await alarm(remediator, { labels: { remediate: 'restart', group: 'sleep' } })
    expect(await settledIncident(remediator)).toMatchObject({ outcome: 'restarted', target: { managed: { manager: 'pm2', name: '3' } } })
    expect(pm2.log()).toContain('[restart][3]\n')
  })

  test('what nothing manages is told with a way out, and not touched', async () => {
    standIn('pm2', ['echo "[]"'])
    const running = await temporaryProcess('sleep', ['602'])
    const remediator = await startRemediator()
    await alarm(remediator, { labels: { remediate: 'restart', group: 'sleep' } })
    const incident = await settledIncident(remediator)
    expect(incident).toMatchObject({ decision: 'refuse', reason: 'target_unknown' })
    expect(incident.summary).toContain('unit, container or command')
    expect([running.exitCode, running.signalCode]).toEqual([null, null])
  })

  test('a unit that is never touched is not restarted, whatever the policy says', async () => {
    const systemctl = standIn('systemctl', ['exit 0'])
    for (const unit of [
      'sshd.service',
      'dbus.service',
      'systemd-journald.service',
      'prometheus.service',
      'procwarden-remediator.service',
      'reboot.target',
    ]) {
      const remediator = await startWith([{ ...POLICY, ladder: [{ action: 'restart', unit }] }])
      await alarm(remediator, { labels: { remediate: 'restart', group: 'x' } })
      expect(await settledIncident(remediator)).toMatchObject({ decision: 'refuse', reason: 'never_list' })
      await remediator.close()
    }
    expect(() => systemctl.log()).toThrow('ENOENT')
  })
})
