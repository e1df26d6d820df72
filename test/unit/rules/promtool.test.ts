/** Tests the shipped rules and configuration with Prometheus's own tool. */
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { expect, test } from 'vitest'
import { ROOT, RULES_DIR, readRuleFiles, requireTool, ruleTestFiles } from './shipped-rules.ts'

const promtool = requireTool('promtool')

test.each(ruleTestFiles())('promtool test rules %s', { timeout: 300_000 }, (file) => {
  const result = run(['test', 'rules', file])
  expect(result.output).toMatch(/SUCCESS/)
  expect(result.output).not.toMatch(/FAILED/)
  expect(result.status).toBe(0)
})

test('there are promtool tests', () => {
  expect(ruleTestFiles().length).toBeGreaterThanOrEqual(4)
})

test('promtool check rules finds every rule and no duplicate', () => {
  const files = readRuleFiles()
  const result = run(['check', 'rules', ...[...files.keys()].map((name) => path.join(RULES_DIR, name))])
  const found = [...result.output.matchAll(/SUCCESS: (\d+) rules found/g)].map((match) => Number(match[1]))
  const written = [...files.values()].map((file) => file.groups.reduce((sum, group) => sum + group.rules.length, 0))
  expect(result.status).toBe(0)
  expect(found).toEqual(written)
  expect(result.output).not.toMatch(/duplicate/i)
})

test('promtool check config finds the rule files beside it', () => {
  const result = run(['check', 'config', 'prometheus/prometheus.yml'])
  expect(result.output).toContain(`SUCCESS: ${readRuleFiles().size} rule files found`)
  expect(result.status).toBe(0)
})

function run(args: readonly string[]): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(promtool, args, { cwd: ROOT, encoding: 'utf8', timeout: 290_000 })
  return { status, output: `${stdout}${stderr}` }
}
