/**
 * Owns docs/metrics.md, which is committed: `node scripts/metrics-doc.ts` writes it from the families that the code declares,
 * with `--check` it only exits 1 when the committed page is not what the code says.
 *
 * A family of the exporter is found when the file of its collector exports it, alone or within lists and records.
 */
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { Registry, collectDefaultMetrics } from 'prom-client'
import { z } from 'zod'
import { systemClock } from '../src/lib/clock.ts'
import { createMetrics } from '../src/remediator/metrics.ts'
import { Database, databasePath } from '../src/remediator/store/database.ts'

const ROOT = path.dirname(import.meta.dirname)
const PAGE = path.join(ROOT, 'docs/metrics.md')
const SOURCES = ['src/exporter/collectors/*.ts', 'src/exporter/registry.ts']

/** Where a file's name is not the name of its collector. */
const COLLECTORS: Readonly<Record<string, string>> = {
  'group-families': 'processes',
  'process-families': 'processes',
  'process-figures': 'processes',
  'host-families': 'host',
  'runtime-families': 'exporter',
  registry: 'every collector',
}

const FamilySchema = z.object({
  name: z.string(),
  type: z.enum(['counter', 'gauge', 'histogram']),
  help: z.string(),
  labels: z.array(z.string()),
})
type Family = z.infer<typeof FamilySchema>

/** What prom-client keeps of a metric. */
const PromClientMetric = z
  .object({ name: z.string(), help: z.string(), type: z.enum(['counter', 'gauge', 'histogram']), labelNames: z.array(z.string()) })
  .transform(({ labelNames, ...metric }): Family => ({ ...metric, labels: labelNames.filter((label) => label !== 'le') }))

/** Nesting of lists and records around a family. */
const DEPTH_MAX = 4

/** The page as the code has it now. */
export async function metricsPage(): Promise<string> {
  const collectors = await exporterFamilies()
  const ofNode = defaultFamilies()
  const isOfNode = new Set(ofNode.map(({ name }) => name))
  const ofRemediator = remediatorFamilies().filter(({ name }) => !isOfNode.has(name))
  return [
    '# Metrics',
    '',
    'Generated from the code by `node scripts/metrics-doc.ts`; do not edit. Units are base units (seconds, bytes, ratios from 0 to 1);',
    'names are a contract. What cannot be read is absent, never 0.',
    '',
    '## Exporter',
    '',
    ...[...collectors]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([collector, families]) => [`### ${collector}`, '', ...table(families)]),
    '## Remediator',
    '',
    ...table(ofRemediator),
    '## Remediator: the process itself and Node',
    '',
    'On systems other than Linux some of these are absent.',
    '',
    ...table(ofNode),
  ]
    .join('\n')
    .trimEnd()
    .concat('\n')
}

/** By collector. */
async function exporterFamilies(): Promise<Map<string, Family[]>> {
  const families = new Map<string, Family[]>()
  for (const file of globSync(SOURCES, { cwd: ROOT }).toSorted()) {
    refuseHidden(file)
    const exported: unknown = await import(path.join(ROOT, file))
    const found = familiesIn(exported, DEPTH_MAX)
    const stem = path.basename(file, '.ts')
    const collector = COLLECTORS[stem] ?? stem
    if (found.length > 0) families.set(collector, [...(families.get(collector) ?? []), ...found])
  }
  return families
}

function familiesIn(value: unknown, depth: number): Family[] {
  const family = FamilySchema.safeParse(value)
  if (family.success) return [family.data]
  if (typeof value !== 'object' || value === null || depth === 0) return []
  return Object.values(value).flatMap((each) => familiesIn(each, depth - 1))
}

/** A family that its file keeps to itself would be missing without a word. */
function refuseHidden(file: string): void {
  const hidden = /^const (\w+)(?:: Family\b| = (?:family|counter|gauge|histogram)\(|: ReadonlyArray<.*\bFamily\b)/m.exec(
    readFileSync(path.join(ROOT, file), 'utf8'),
  )
  if (hidden !== null) throw new Error(`${file}: export ${hidden[1]}, so that docs/metrics.md can list it`)
}

function defaultFamilies(): Family[] {
  const register = new Registry()
  collectDefaultMetrics({ register })
  const families = register.getMetricsAsArray().map((metric) => PromClientMetric.parse(metric))
  register.clear()
  return families
}

function remediatorFamilies(): Family[] {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'procwarden-metrics-doc-'))
  const database = Database.open(databasePath(folder))
  try {
    const { registry } = createMetrics(database, systemClock(), '0')
    return registry.getMetricsAsArray().map((metric) => PromClientMetric.parse(metric))
  } finally {
    database.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

function table(families: readonly Family[]): string[] {
  const rows = families
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(
      ({ name, type, labels, help }) => `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${cell(help)} |`,
    )
  return ['| name | type | labels | meaning |', '|---|---|---|---|', ...new Set(rows), '']
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ').replaceAll('<', '&lt;')
}

async function main(argv: readonly string[]): Promise<number> {
  const text = await metricsPage()
  if (!argv.includes('--check')) {
    writeFileSync(PAGE, text)
    return 0
  }
  if (readIfThere(PAGE) === text) return 0
  process.stderr.write(`${path.relative('.', PAGE)} is not what the code says; run: node scripts/metrics-doc.ts\n`)
  return 1
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2))
