/** Tests the systemd units by systemd's own tools, and against what the parts say of themselves. */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryDirectory } from '../../support/temporary.ts'
import { ROOT } from '../rules/shipped-rules.ts'

/** Systemd's scale ends at 10, unsafe. */
const EXPOSURE_MAX = { exporter: 4, remediator: 4 }
const version = Number(/systemd (\d+)/.exec(spawnSync('systemd-analyze', ['--version'], { encoding: 'utf8' }).stdout ?? '')?.[1] ?? 0)
/** `security --offline` is of 250. */
const isTold = version >= 250
const without = isTold ? '' : ' (skipped: this machine has no systemd-analyze of 250 or newer)'

describe.each(['exporter', 'remediator'] as const)('procwarden-%s.service', (part) => {
  const name = `procwarden-${part}.service`
  const text = readFileSync(path.join(ROOT, 'packaging/systemd', name), 'utf8')

  test.skipIf(!isTold)(`systemd finds nothing to fault in it${without}`, () => {
    // Where the package puts the program there is none here.
    const file = path.join(temporaryDirectory(), name)
    writeFileSync(file, text.replaceAll('/usr/bin/procwarden', '/bin/true'))
    const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8' })
    expect(`${stdout}${stderr}`).not.toContain(name)
    expect(status).toBe(0)
  })

  test.skipIf(!isTold)(`its exposure is small${without}`, () => {
    const { stdout } = spawnSync(
      'systemd-analyze',
      ['security', '--offline=true', '--no-pager', path.join(ROOT, 'packaging/systemd', name)],
      {
        encoding: 'utf8',
      },
    )
    const exposure = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(stdout)?.[1])
    expect(exposure).toBeGreaterThan(0)
    expect(exposure).toBeLessThanOrEqual(EXPOSURE_MAX[part])
  })

  test('says why it has each of its capabilities, and SECURITY.md says so too', () => {
    const capabilities = value(text, 'AmbientCapabilities').split(' ')
    expect(value(text, 'CapabilityBoundingSet')).toBe(value(text, 'AmbientCapabilities'))
    expect(capabilities.filter((capability) => !new RegExp(`^# ${capability} +\\S`, 'm').test(text))).toEqual([])
    const rows = readFileSync(path.join(ROOT, 'SECURITY.md'), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith(`| ${part} |`))
    expect(capabilities.filter((capability) => !rows.some((row) => row.includes(`\`${capability}\``)))).toEqual([])
  })

  test('is ready when it says so, is watched, and comes back', () => {
    expect([value(text, 'Type'), value(text, 'NotifyAccess'), value(text, 'Restart')]).toEqual(['notify', 'main', 'on-failure'])
    expect(Number(value(text, 'WatchdogSec'))).toBeGreaterThan(0)
    expect(value(text, 'User')).toBe('procwarden')
    expect(value(text, 'ExecStart')).toContain(` ${part} --config.file=/etc/procwarden/${part}.yml`)
  })
})

test('polkit lets the remediator restart units and nothing else', () => {
  type Rule = (action: { readonly id: string; lookup(key: string): string }, subject: { readonly user: string }) => string | undefined
  const rules: Rule[] = []
  const code = readFileSync(path.join(ROOT, 'packaging/polkit/procwarden.rules'), 'utf8')
  // polkit runs the file as JavaScript with this one object.
  // oxlint-disable-next-line typescript/no-implied-eval -- so does this test
  new Function('polkit', code)({ addRule: (rule: Rule) => rules.push(rule), Result: { YES: 'yes' } })
  const ask = (id: string, verb: string, user: string) =>
    rules.map((rule) => rule({ id, lookup: (key) => (key === 'verb' ? verb : '') }, { user }))
  const manage = 'org.freedesktop.systemd1.manage-units'
  expect(ask(manage, 'restart', 'procwarden')).toEqual(['yes'])
  for (const verb of ['start', 'stop', 'kill', 'set-property', 'try-restart', ''])
    expect(ask(manage, verb, 'procwarden')).toEqual([undefined])
  expect(ask(manage, 'restart', 'somebody')).toEqual([undefined])
  expect(ask('org.freedesktop.systemd1.manage-unit-files', 'restart', 'procwarden')).toEqual([undefined])
})

function value(text: string, key: string): string {
  return new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1] ?? ''
}
