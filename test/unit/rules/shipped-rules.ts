/** Owns reading the shipped rules and their promtool tests for the tests here, and finding the tools that judge them. */
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { findTool } from '../../../scripts/tools.mjs'

export const ROOT = path.join(import.meta.dirname, '../../..')
export const RULES_DIR = path.join(ROOT, 'prometheus/rules')
export const RULE_TESTS_DIR = path.join(ROOT, 'prometheus/tests')

const Labels = z.record(z.string(), z.string())

const Rule = z.object({
  record: z.string().optional(),
  alert: z.string().optional(),
  expr: z.string(),
  labels: Labels.default({}),
  annotations: Labels.default({}),
})
export type Rule = z.infer<typeof Rule>

const RuleFile = z.object({ groups: z.array(z.object({ name: z.string(), interval: z.string().optional(), rules: z.array(Rule) })) })
export type RuleFile = z.infer<typeof RuleFile>

const ExpectedAlert = z.object({ exp_labels: Labels.default({}), exp_annotations: Labels.default({}) })
const AlertTest = z.object({ alertname: z.string(), exp_alerts: z.array(ExpectedAlert).default([]) })
export type AlertTest = z.infer<typeof AlertTest>
const RuleTestFile = z.object({ tests: z.array(z.object({ alert_rule_test: z.array(AlertTest).default([]) })) })

/** The rule files by name, such as `files.yml`. */
export function readRuleFiles(): Map<string, RuleFile> {
  return new Map(yamlFiles(RULES_DIR, '.yml').map((file) => [path.basename(file), RuleFile.parse(parse(readFileSync(file, 'utf8')))]))
}

export function ruleTestFiles(): string[] {
  return yamlFiles(RULE_TESTS_DIR, '.test.yml')
}

/** What the promtool tests expect of alerts, of all files. */
export function readAlertTests(): AlertTest[] {
  return ruleTestFiles().flatMap((file) =>
    RuleTestFile.parse(parse(readFileSync(file, 'utf8'))).tests.flatMap((test) => test.alert_rule_test),
  )
}

/** The tool's path; throws when this machine has none, for then nothing would be tested. */
export function requireTool(name: 'prometheus' | 'promtool' | 'alertmanager' | 'amtool'): string {
  const file = findTool(name)
  if (file === undefined) throw new Error(`${name} is not installed; the set-up of \`npm test\` brings it`)
  return file
}

function yamlFiles(folder: string, ending: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .toSorted()
    .map((name) => path.join(folder, name))
}
