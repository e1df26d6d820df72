/** Owns the rule file that a replay is given: the planned rules as one group in their order, without what only people read. */
import { writeFileSync } from 'node:fs'
import type { Rule } from '../rules/rule-files.ts'

/**
 * One group, so that each evaluation sees the results of the rules before it at the same moment. Annotations are left out:
 * promtool would run the queries in them at each step. JSON is YAML.
 */
export function writeRuleCopy(file: string, rules: readonly Rule[]): void {
  const unique = new Map(rules.map((rule) => [JSON.stringify([rule.kind, rule.name, rule.labels, rule.expr]), rule]))
  const copies = [...unique.values()].map(({ kind, name, expr, labels, for: held, keepFiringFor }) =>
    kind === 'record'
      ? { record: name, expr, labels }
      : {
          alert: name,
          expr,
          labels,
          ...(held === undefined ? {} : { for: held }),
          ...(keepFiringFor === undefined ? {} : { keep_firing_for: keepFiringFor }),
        },
  )
  writeFileSync(file, JSON.stringify({ groups: [{ name: 'backtest', rules: copies }] }))
}
