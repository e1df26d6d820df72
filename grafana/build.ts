/**
 * Owns writing the dashboards' JSON, which is committed: `node grafana/build.ts` writes it, with `--check` it only exits 1
 * when the committed JSON is not what the sources say.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { OVERVIEW_UID, overviewDashboard } from './overview.ts'

const DASHBOARDS_DIR = path.join(import.meta.dirname, 'dashboards')

/** The text of each dashboard's file, by its path. */
export function dashboardFiles(): Map<string, string> {
  return new Map([[path.join(DASHBOARDS_DIR, `${OVERVIEW_UID}.json`), `${JSON.stringify(overviewDashboard(), null, 2)}\n`]])
}

/** The files whose content differs from the sources, or that are missing. */
export function staleFiles(): string[] {
  return [...dashboardFiles()].filter(([file, text]) => readIfThere(file) !== text).map(([file]) => file)
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

function main(argv: readonly string[]): number {
  if (argv.includes('--check')) {
    const stale = staleFiles()
    for (const file of stale) process.stderr.write(`${path.relative('.', file)} is not what the sources say; run: node grafana/build.ts\n`)
    return stale.length === 0 ? 0 : 1
  }
  mkdirSync(DASHBOARDS_DIR, { recursive: true })
  for (const [file, text] of dashboardFiles()) writeFileSync(file, text)
  return 0
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2))
