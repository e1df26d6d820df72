/** Owns the checks of what the parts publish: each is started on a free port and promtool reads its real /metrics. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { runExporter } from '../../src/exporter/main.ts'
import { createLogger } from '../../src/lib/log.ts'
import { runRemediator } from '../../src/remediator/main.ts'
import { findTool } from '../../src/stack/tools.mjs'
import { command, type Check, type CheckResult } from './check.ts'

/** The text is well-formed and some names are not; prom-client's own nodejs_active_handles_total is one of those. */
const PROMTOOL_LINT_EXIT_CODE = 3

interface RunningPart {
  readonly url: string
  close(): Promise<void>
}

export const metricsChecks: readonly Check[] = [
  { name: 'metrics of the exporter (promtool)', run: () => inTempFolder(checkExporter) },
  { name: 'metrics of the remediator (promtool)', run: () => inTempFolder(checkRemediator) },
]

async function checkExporter(folder: string): Promise<CheckResult> {
  const exporter = await runExporter({ listenAddress: '127.0.0.1:0', filesWatch: [folder], logLevel: 'error' })
  writeFileSync(path.join(folder, 'created'), '')
  return checkMetrics(exporter)
}

async function checkRemediator(folder: string): Promise<CheckResult> {
  const log = createLogger({ level: 'error', format: 'text', part: 'check' })
  return checkMetrics(await runRemediator({ stateDir: folder, address: { host: '127.0.0.1', port: 0 } }, log))
}

async function checkMetrics(part: RunningPart): Promise<CheckResult> {
  try {
    const response = await fetch(new URL('/metrics', part.url))
    const text = await response.text()
    const families = text.match(/^# TYPE procwarden_/gm)?.length ?? 0
    if (!response.ok || families === 0)
      return { ok: false, output: `/metrics answered ${response.status} with ${families} metrics:\n${text}` }
    return await lint(text)
  } finally {
    await part.close()
  }
}

async function lint(text: string): Promise<CheckResult> {
  const promtool = findTool('promtool')
  if (promtool === undefined) return { ok: false, output: 'promtool was not found' }
  const result = await command(promtool, ['check', 'metrics'], { input: text })
  if (result.exitCode !== PROMTOOL_LINT_EXIT_CODE) return result
  const ours = result.output.split('\n').filter((line) => line.startsWith('procwarden_'))
  return { ok: ours.length === 0, output: ours.join('\n') }
}

async function inTempFolder(work: (folder: string) => Promise<CheckResult>): Promise<CheckResult> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'procwarden-check-'))
  try {
    return await work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
