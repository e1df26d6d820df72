/** Owns the check of who may import whom, and that dependency-cruiser really read every source file. */
import { globSync } from 'node:fs'
import { z } from 'zod'
import { command, type Check, type CheckResult } from './check.ts'

const FOLDERS = ['src', 'scripts', 'grafana', 'test'] as const
const SOURCES = 'src/**/*.{ts,mjs}'

/** The part of dependency-cruiser's JSON report that is judged here. */
const Report = z.object({
  modules: z.array(z.object({ source: z.string(), dependencies: z.array(z.object({ resolved: z.string() })) })),
  summary: z.object({
    violations: z.array(
      z.object({
        from: z.string(),
        to: z.string(),
        rule: z.object({ name: z.string() }),
        cycle: z.array(z.object({ name: z.string() })).optional(),
      }),
    ),
  }),
})
type Report = z.infer<typeof Report>

export const boundaryChecks: readonly Check[] = [{ name: 'import boundaries (dependency-cruiser)', run: () => checkBoundaries('.') }]

/** Checks the tree at `root`; the rules are its .dependency-cruiser.json. */
export async function checkBoundaries(root: string): Promise<CheckResult> {
  const folders = FOLDERS.filter((folder) => globSync(`${root}/${folder}/**/*.{ts,mjs}`).length > 0)
  const cruise = await command('depcruise', ['--config', '.dependency-cruiser.json', '--output-type', 'json', ...folders], { cwd: root })
  if (!cruise.ok) return cruise
  const report = Report.parse(JSON.parse(cruise.stdout))
  const faults = [...blindSpots(report, globSync(SOURCES, { cwd: root })), ...report.summary.violations.map(violationSentence)]
  return { ok: faults.length === 0, output: faults.join('\n') }
}

/** dependency-cruiser passes without a word when its parser does not know the TypeScript in use: it then saw no module or no import. */
function blindSpots(report: Report, sources: readonly string[]): string[] {
  const cruised = new Set(report.modules.map((module) => module.source))
  const inside = report.modules.flatMap((module) => module.dependencies).filter((dependency) => dependency.resolved.startsWith('src/'))
  return [
    ...(sources.length === 0 ? ['there is no source file'] : []),
    ...sources.filter((source) => !cruised.has(source)).map((source) => `${source} was not read`),
    ...(inside.length === 0 ? ['no import between source files was seen'] : []),
  ]
}

function violationSentence({ from, to, rule, cycle }: Report['summary']['violations'][number]): string {
  return `${rule.name}: ${[from, ...(cycle?.map((module) => module.name) ?? [to])].join(' -> ')}`
}
