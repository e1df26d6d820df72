import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { startHistoryPrometheus } from '../../support/history-prometheus.ts'
import { PROCWARDEN, procwarden } from '../../support/loop.ts'
import { temporaryDirectory } from '../../support/temporary.ts'
import { waitFor } from '../../support/wait-for.ts'

const ROOT = path.resolve(path.dirname(PROCWARDEN), '..')

interface Verdict {
  readonly ok: boolean
  readonly parts: ReadonlyArray<{
    name: string
    faults: ReadonlyArray<{ file: string; line?: number; message: string }>
    notes: readonly string[]
  }>
}

function check(...args: string[]): { readonly code: number | null; readonly verdict: Verdict } {
  const { code, stdout } = procwarden(['check', '--json', ...args])
  return { code, verdict: JSON.parse(stdout) as Verdict }
}

function file(name: string, content: string): string {
  const written = path.join(temporaryDirectory(), name)
  writeFileSync(written, content)
  return written
}

const faultsOf = (verdict: Verdict, part: string) =>
  verdict.parts.find(({ name }) => name === part)?.faults.map(({ line, message }) => `${line ?? '?'}: ${message}`)

const override = (labels: string, expr: string, name = 'ratio') =>
  `      - record: procwarden:threshold:${name}:override\n        labels: {${labels}}\n        expr: ${expr}\n`
const ruleFile = (...rules: string[]) => file('mine.yml', `groups:\n  - name: mine\n    rules:\n${rules.join('')}`)

describe('procwarden check', () => {
  test('what is shipped is in order', () => {
    const { code, stdout } = procwarden(['check'])
    expect(stdout).toContain('Everything is in order.')
    expect(code).toBe(0)
  })

  test('every fault of every file at once, each with its line', () => {
    const remediator = file(
      'remediator.yml',
      readFileSync(path.join(ROOT, 'config/remediator.yml'), 'utf8')
        .replace('mode: observe', 'mode: bold')
        .replace(/^mail:/m, 'mial:'),
    )
    const rules = file(
      'bad.yml',
      'groups:\n  - name: a\n    rules:\n      - alert: X\n        expr: sum(\n      - alert: Y\n        expr: up\n        labels: {"a-b": c}\n',
    )
    const alertmanager = file('alertmanager.yml', 'route:\n  receiver: somebody\nreceivers:\n  - name: nobody\n')
    const { code, verdict } = check('--config.remediator', remediator, '--rules.dir', rules, '--config.alertmanager', alertmanager)
    expect([code, verdict.ok]).toEqual([1, false])
    expect(faultsOf(verdict, 'remediator')).toEqual([expect.stringMatching(/^7: mode: /), expect.stringMatching(/mial/)])
    expect(faultsOf(verdict, 'rules')).toEqual([
      expect.stringMatching(/^5: .*parse error/),
      expect.stringMatching(/^6: .*invalid label name: a-b/),
    ])
    expect(faultsOf(verdict, 'routes')).toEqual([expect.stringContaining('somebody')])
    expect(faultsOf(verdict, 'exporter')).toEqual([])
  })

  test('overrides that promtool is content with and nobody reads', () => {
    const mine = ruleFile(
      override('signal: cpuu, group: make', 'vector(8)'),
      override('signal: cpu, group: make', 'vector(8)'),
      override('group: make, signal: cpu', 'vector(9)'),
      override('signal: cpu, group: tar', 'time() > bool 5'),
      override('signal: cpu, group: gzip', 'vector(8)', 'ration'),
      override('signal: cpu', 'vector(8)'),
      '      - record: procwarden:threshold:ratio:overide\n        expr: vector(1)\n',
    )
    const { verdict } = check('--rules.dir', mine)
    expect(faultsOf(verdict, 'rules')).toEqual([])
    expect(faultsOf(verdict, 'overrides')).toEqual([
      expect.stringMatching(/^4: .*"cpuu"; did you mean "cpu"/),
      expect.stringMatching(/^10: says the same as .*mine.yml:7 again/),
      expect.stringMatching(/^13: "time\(\) > bool 5" is no number/),
      expect.stringMatching(/^16: no rule reads a threshold named "ration"; did you mean "ratio"/),
      expect.stringMatching(/^19: the override names nobody/),
      expect.stringMatching(/^22: procwarden:threshold:ratio:overide is read by nothing/),
    ])
  })

  test('a program that an override names and that is gone, seen by a Prometheus', async () => {
    const now = Math.floor(Date.now() / 1000)
    const url = await startHistoryPrometheus([
      { name: 'procwarden_group_processes', labels: { group: 'postgres', state: 'running' }, samples: [[now - 3600, 1]] },
    ])
    const mine = ruleFile(override('signal: cpu, group: postgres', 'vector(8)'), override('signal: cpu, group: postgrse', 'vector(8)'))
    const { code, verdict } = check('--rules.dir', mine, '--prometheus.url', url)
    expect(code).toBe(1)
    expect(faultsOf(verdict, 'overrides')).toEqual([expect.stringMatching(/^7: no group "postgrse" .*did you mean "postgres"/)])
  }, 60_000)

  test('an alert that wants remediation and is routed past the webhook', () => {
    const alertmanager = file(
      'alertmanager.yml',
      'route:\n  receiver: pager\n  routes:\n    - matchers: [\'severity="critical"\']\n      receiver: pager\nreceivers:\n  - name: pager\n',
    )
    const mine = ruleFile('      - alert: X\n        expr: up\n        labels: {severity: critical, remediate: kill}\n')
    const { verdict } = check('--rules.dir', mine, '--config.alertmanager', alertmanager)
    expect(faultsOf(verdict, 'routes')).toEqual([
      expect.stringMatching(/^1: X \(remediate=kill\) is routed to pager, which has no webhook/),
    ])
  })

  test('an alert that no policy answers is noted, which is no fault', () => {
    const remediator = file('remediator.yml', 'policies:\n  - {name: kill, match: [\'remediate="kill"\'], action: kill}\n')
    const mine = ruleFile('      - alert: X\n        expr: up\n        labels: {remediate: dance}\n')
    const { code, verdict } = check('--rules.dir', mine, '--config.remediator', remediator)
    expect(code).toBe(0)
    expect(verdict.parts.find(({ name }) => name === 'remediator')?.notes).toEqual([
      expect.stringContaining('no policy fits X (remediate=dance)'),
      expect.stringContaining('can reach the policy "kill"'),
    ])
  })

  test('files that are not there', () => {
    const { code, verdict } = check(
      '--config.prometheus',
      '/nowhere/p.yml',
      '--config.alertmanager',
      '/nowhere/a.yml',
      '--rules.dir',
      '/nowhere',
    )
    expect(code).toBe(1)
    for (const part of ['prometheus', 'routes', 'rules']) expect(faultsOf(verdict, part)).toEqual([expect.stringContaining('no such file')])
  })
})

describe('procwarden rules list', () => {
  test('as a table that fits 80 columns where a terminal has 80, and as JSON', () => {
    const all = procwarden(['rules', 'list', '--json'])
    const alerts = JSON.parse(all.stdout) as Array<{
      name: string
      severities: string[]
      thresholds: Array<{ default: { file: string; line: number } }>
    }>
    const cpu = alerts.find(({ name }) => name === 'CpuAboveBaseline')
    const written = cpu?.thresholds[0]?.default
    expect(readFileSync(written?.file ?? '', 'utf8').split('\n')[(written?.line ?? 0) - 1]).toContain('record: procwarden:threshold:')
    const critical = procwarden(['rules', 'list', '--severity', 'critical', '--json'])
    const shown = JSON.parse(critical.stdout) as typeof alerts
    expect(shown.length).toBeGreaterThan(0)
    expect(shown.length).toBeLessThan(alerts.length)
    expect(shown.every(({ severities }) => severities.includes('critical'))).toBe(true)
    expect(procwarden(['rules', 'list', '--name', 'nosuchalert'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no alert fits'),
    })
  })

  test('what is in force in a Prometheus', async () => {
    const url = await startHistoryPrometheus([], {
      ruleFiles: [
        ruleFile(
          '      - record: procwarden:threshold:ratio:default\n        labels: {signal: cpu}\n        expr: vector(11)\n',
          '      - record: procwarden:threshold:ratio:override\n        labels: {signal: cpu, group: make}\n        expr: vector(+Inf)\n',
        ),
      ],
    })
    const answer = await fetchUntil(url, 'procwarden:threshold:ratio:override')
    expect(answer).toBe(true)
    const { stdout, code } = procwarden(['rules', 'list', '--name', 'CpuAboveBaseline', '--prometheus.url', url, '--json'])
    const [alert] = JSON.parse(stdout) as Array<{ prometheus: unknown; thresholds: Array<{ name: string; inForce: unknown }> }>
    expect(code).toBe(0)
    expect(alert?.prometheus).toMatchObject({ isLoaded: false })
    expect(alert?.thresholds.find(({ name }) => name === 'ratio')?.inForce).toEqual([
      { value: 11, subjects: 0, examples: [] },
      { value: '+Inf', subjects: 1, examples: ['make'] },
    ])
    const text = procwarden(['rules', 'list', '--name', 'CpuAboveBaseline', '--prometheus.url', url])
    expect(text.stdout).toContain('add its file to rule_files')
    expect(text.stdout).toMatch(/ratio of cpu in force\s+\+Inf \(muted\)\s+for make/)
  }, 60_000)
})

/** Until the rules have been evaluated. */
async function fetchUntil(url: string, metric: string): Promise<boolean> {
  return waitFor(metric, async () => (await (await fetch(`${url}/api/v1/query?query=${metric}`)).text()).includes('"make"'))
}
