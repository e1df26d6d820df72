import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { loadConfigFile, parseConfig } from '../../../src/lib/config-file.ts'
import { RemediatorConfig } from '../../../src/remediator/config.ts'
import { createPolicies } from '../../../src/remediator/stages/match-policy.ts'

const ROOT = path.resolve(import.meta.dirname, '../../..')
const RuleFile = z.object({
  groups: z.array(
    z.object({ rules: z.array(z.object({ alert: z.string().optional(), labels: z.record(z.string(), z.string()).optional() })) }),
  ),
})
/** What a policy must be able to do for an alert that asks for it. A script is the user's to write. */
const WAYS: Readonly<Record<string, readonly string[]>> = {
  kill: ['kill'],
  restart: ['restart', 'reap'],
  quarantine: ['quarantine'],
  command: ['command', 'notify'],
  notify: ['notify', 'reap'],
}

const alerts = readdirSync(path.join(ROOT, 'prometheus/rules')).flatMap((name) =>
  RuleFile.parse(parse(readFileSync(path.join(ROOT, 'prometheus/rules', name), 'utf8'))).groups.flatMap((group) =>
    group.rules.flatMap(({ alert, labels = {} }) => (alert === undefined ? [] : [{ alert, labels }])),
  ),
)

describe('shipped policies', () => {
  const { policies } = loadConfigFile(RemediatorConfig, undefined)

  test('there are alerts to have policies for', () => {
    expect(alerts.length).toBeGreaterThan(2)
  })

  test.each(alerts)('$alert has one that does what it asks for', ({ alert, labels }) => {
    const remediate = labels['remediate']
    if (remediate === undefined) return
    const policy = createPolicies(policies, 'auto').find({ ...labels, alertname: alert })
    expect(policy).toBeDefined()
    expect(policy?.ladder.some((step) => (WAYS[remediate] ?? []).includes(step.action))).toBe(true)
  })

  test('nothing that ends a process is done for an alert that is not critical', () => {
    for (const severity of ['info', 'warning', 'none']) {
      const policy = createPolicies(policies, 'auto').find({ alertname: 'Anything', remediate: 'kill', severity })
      expect(policy?.ladder.map((step) => step.action)).toEqual(['notify'])
    }
  })

  test('a zombie is never a reason to end anything', () => {
    const policy = createPolicies(policies, 'auto').find({ alertname: 'ZombieProcesses', remediate: 'notify', severity: 'warning' })
    expect(policy?.ladder.map((step) => step.action)).toEqual(['reap'])
  })
})

describe('the examples of the documentation', () => {
  const text = readFileSync(path.join(ROOT, 'docs/remediation.md'), 'utf8')
  const examples = [...text.matchAll(/```yaml\n(.*?)```/gs)].map((match) => match[1] ?? '')

  test('there are some', () => {
    expect(examples.length).toBeGreaterThan(4)
  })

  test.each(examples)('%s', (example) => {
    expect(() => parseConfig(RemediatorConfig, example, 'example')).not.toThrow()
  })
})
