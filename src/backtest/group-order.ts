/**
 * Owns the order in which a replay evaluates rule groups: each after those whose results it uses. promtool would take them in
 * no order at all, and with long steps a result of the step before is already stale.
 */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'

const RuleFile = z.object({
  groups: z
    .array(z.object({ name: z.string(), rules: z.array(z.object({ record: z.string().optional(), expr: z.coerce.string() })).nullish() }))
    .nullish(),
})

interface Group {
  readonly name: string
  readonly records: ReadonlySet<string>
  readonly uses: ReadonlySet<string>
}

/** Names of all groups of the files. Groups that need each other keep the order of the files. Throws what reading and zod throw. */
export function groupOrder(ruleFiles: readonly string[]): string[] {
  const groups = ruleFiles.flatMap((file) => (RuleFile.parse(parse(readFileSync(file, 'utf8'))).groups ?? []).map(toGroup))
  const makers = Map.groupBy(
    groups.flatMap((group) => [...group.records].map((metric) => ({ metric, group }))),
    ({ metric }) => metric,
  )
  const ordered = new Set<Group>()
  const visited = new Set<Group>()
  const visit = (group: Group): void => {
    if (visited.has(group)) return
    visited.add(group)
    for (const metric of group.uses) for (const maker of makers.get(metric) ?? []) visit(maker.group)
    ordered.add(group)
  }
  for (const group of groups) visit(group)
  return [...ordered].map(({ name }) => name)
}

function toGroup({
  name,
  rules,
}: {
  name: string
  rules?: ReadonlyArray<{ record?: string | undefined; expr: string }> | null | undefined
}): Group {
  const all = rules ?? []
  return {
    name,
    records: new Set(all.flatMap(({ record }) => record ?? [])),
    uses: new Set(all.flatMap(({ expr }) => expr.match(/[a-zA-Z_:][\w:]*/g) ?? [])),
  }
}
