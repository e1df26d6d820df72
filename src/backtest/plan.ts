/** Owns what a replay needs: which rules the wanted alerts build on, which series those ask for, and how far back. Pure. */
import { recordedBy } from '../rules/alerts.ts'
import type { Rule } from '../rules/rule-files.ts'
import { selectorsOf, type Selector } from '../rules/selectors.ts'
import { LEVEL } from './series.ts'

export interface Plan {
  /** Rules to replay, each after those it builds on: levels are fed, not computed. */
  readonly rules: readonly Rule[]
  /** Rules that record levels, by which the levels of a time before the rules were loaded can be had. */
  readonly levels: readonly Rule[]
  /** What the rules ask for and no rule records. */
  readonly external: readonly Selector[]
  /** How far back the rules look, all steps together. */
  readonly warmupSeconds: number
}

export function planReplay(rules: readonly Rule[], isWanted: (alert: Rule) => boolean): Plan {
  const recorders = Map.groupBy(
    rules.filter((rule) => rule.kind === 'record'),
    (rule) => rule.name,
  )
  const alerts = rules.filter((rule) => rule.kind === 'alert' && isWanted(rule))
  const ordered: Rule[] = []
  const visited = new Set<Rule>()
  const external = new Map<string, Selector>()
  const levels = new Set<Rule>()
  const visit = (rule: Rule): void => {
    if (visited.has(rule)) return
    visited.add(rule)
    for (const selector of selectorsOf(rule.expr)) {
      const recording = recordedBy(selector, recorders)
      if (selector.metric === LEVEL) {
        for (const level of recording) levels.add(level)
      } else if (recording.length > 0) for (const each of recording) visit(each)
      else if (isExternal(selector)) external.set(JSON.stringify([selector.metric, selector.matchers]), selector)
    }
    ordered.push(rule)
  }
  for (const alert of alerts) visit(alert)
  return {
    rules: ordered,
    levels: [...levels],
    external: [...external.values()],
    warmupSeconds: Math.max(0, ...alerts.map((alert) => reachOf(alert, recorders, new Set()))),
  }
}

/** What our rules would record and do not, such as a switch nobody has set, is nowhere; nor is what labels alone select. */
function isExternal({ metric }: Selector): boolean {
  return metric !== '' && !metric.startsWith('procwarden:') && !/^ALERTS(_FOR_STATE)?$/.test(metric)
}

function reachOf(rule: Rule, recorders: ReadonlyMap<string, readonly Rule[]>, above: ReadonlySet<Rule>): number {
  // A rule that builds on its own past has no end; what it remembers is in what it looks at besides.
  if (above.has(rule)) return 0
  const within = new Set([...above, rule])
  return Math.max(
    0,
    ...selectorsOf(rule.expr).map((selector) => {
      const built = selector.metric === LEVEL ? [] : recordedBy(selector, recorders)
      return selector.lookbackSeconds + Math.max(0, ...built.map((recorder) => reachOf(recorder, recorders, within)))
    }),
  )
}
