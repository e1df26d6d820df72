/** Owns the checks of what Prometheus and Alertmanager are given, made by their own tools. The rules' own tests take minutes: `npm test` runs them. */
import { globSync } from 'node:fs'
import { findTool, type ToolName } from '../../src/stack/tools.mjs'
import { command, type Check, type CheckResult } from './check.ts'

export const monitoringChecks: readonly Check[] = [
  { name: 'rules (promtool)', run: () => onFiles('promtool', ['check', 'rules'], 'prometheus/{rules,extra}/*.yml') },
  { name: 'prometheus.yml (promtool)', run: () => onFiles('promtool', ['check', 'config'], 'prometheus/prometheus.yml') },
  { name: 'alertmanager.yml (amtool)', run: () => onFiles('amtool', ['check-config'], 'alertmanager/alertmanager.yml') },
]

async function onFiles(tool: ToolName, args: readonly string[], pattern: string): Promise<CheckResult> {
  const files = globSync(pattern).toSorted()
  if (files.length === 0) return { ok: false, output: `no file matches ${pattern}` }
  const path = findTool(tool)
  return path === undefined ? { ok: false, output: `${tool} was not found` } : command(path, [...args, ...files])
}
