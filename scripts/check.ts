/**
 * Owns `npm run check`: runs every check one after the other, a line each, and fails when one of them does.
 * Usage: node scripts/check.ts [--summary FILE]
 */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { boundaryChecks } from './checks/boundaries.ts'
import type { Check, CheckResult } from './checks/check.ts'
import { docsChecks } from './checks/docs.ts'
import { hygieneChecks } from './checks/hygiene.ts'
import { monitoringChecks } from './checks/monitoring.ts'
import { sourceChecks } from './checks/source.ts'

const { values } = parseArgs({ options: { summary: { type: 'string' } } })
if (values.summary !== undefined) values.summary = path.resolve(values.summary)
process.chdir(path.dirname(import.meta.dirname))

const checks = [...sourceChecks, ...boundaryChecks, ...monitoringChecks, ...(await metricsChecks()), ...docsChecks, ...hygieneChecks]
const failed: string[] = []
for (const check of checks) {
  const startedMs = performance.now()
  const { ok, output } = await attempt(check)
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1).padStart(6)
  print(`${ok ? 'ok    ' : 'FAILED'} ${seconds} s  ${check.name}`)
  if (ok) continue
  failed.push(check.name)
  print(output.trimEnd().replaceAll(/^/gm, '       | '))
}
const passed = checks.length - failed.length
print(failed.length === 0 ? `check: all ${passed} passed` : `check: ${passed} passed, ${failed.length} failed: ${failed.join(', ')}`)
if (values.summary !== undefined) writeFileSync(values.summary, JSON.stringify({ passed, failed: failed.length }))
process.exitCode = failed.length === 0 ? 0 : 1

async function attempt(check: Check): Promise<CheckResult> {
  try {
    return await check.run()
  } catch (error) {
    return { ok: false, output: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}

/** Loaded late: the parts themselves may be what does not load, and that must not hide the other checks. */
async function metricsChecks(): Promise<readonly Check[]> {
  try {
    return (await import('./checks/metrics.ts')).metricsChecks
  } catch (error) {
    return [{ name: 'metrics (promtool)', run: () => Promise.reject(error) }]
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
