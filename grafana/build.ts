/**
 * Owns writing the dashboards' JSON, which is committed: `node grafana/build.ts` writes it and removes what is no longer
 * made, with `--check` it only exits 1 when the committed JSON is not what the sources say.
 */
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { allBoards } from './boards/index.ts'
import { importCopy } from './import-copy.ts'

/** What Grafana is provisioned with. */
const DASHBOARDS_DIR = path.join(import.meta.dirname, 'dashboards')
/** What is imported by hand: the same, asking for the datasource. */
const IMPORT_DIR = path.join(import.meta.dirname, 'import')

/** The text of each file, by its path. */
export function dashboardFiles(): Map<string, string> {
  return new Map(
    allBoards().flatMap((board) => [
      [path.join(DASHBOARDS_DIR, `${board.uid}.json`), asText(board)] as const,
      [path.join(IMPORT_DIR, `${board.uid}.json`), asText(importCopy(board))] as const,
    ]),
  )
}

/** The files whose content differs from the sources, that are missing, or that no source makes any more. */
export function staleFiles(): string[] {
  const files = dashboardFiles()
  return [...[...files].filter(([file, text]) => readIfThere(file) !== text).map(([file]) => file), ...leftovers(files)]
}

function leftovers(files: ReadonlyMap<string, string>): string[] {
  return [DASHBOARDS_DIR, IMPORT_DIR]
    .flatMap((folder) => globSync('*.json', { cwd: folder }).map((name) => path.join(folder, name)))
    .filter((file) => !files.has(file))
}

function asText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
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
  const files = dashboardFiles()
  for (const folder of [DASHBOARDS_DIR, IMPORT_DIR]) mkdirSync(folder, { recursive: true })
  for (const file of leftovers(files)) rmSync(file)
  for (const [file, text] of files) writeFileSync(file, text)
  return 0
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2))
