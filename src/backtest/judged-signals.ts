/** Owns whether an alert can say anything about the level of a signal. Pure. */
import { fits, recordedBy } from '../rules/alerts.ts'
import type { Rule } from '../rules/rule-files.ts'
import { selectorsOf, type SelectorMatcher } from '../rules/selectors.ts'
import { LEVEL } from './series.ts'

/**
 * Follows the alert to the levels it builds on. A rule without a label `signal` of its own hands on what it is asked for;
 * one with such a label answers for it, and what it asks for is its own business.
 */
export function judgesLevel(alert: Rule, rules: readonly Rule[], signal: string): boolean {
  const recorders = Map.groupBy(
    rules.filter((rule) => rule.kind === 'record'),
    (rule) => rule.name,
  )
  const visit = (rule: Rule, wanted: readonly SelectorMatcher[], above: ReadonlySet<Rule>): boolean =>
    selectorsOf(rule.expr).some((selector) => {
      const asked = [...wanted, ...selector.matchers.filter(({ label }) => label === 'signal')]
      if (selector.metric === LEVEL) return asked.every((matcher) => fits(matcher, signal))
      return recordedBy(selector, recorders)
        .filter((recorder) => !above.has(recorder))
        .some((recorder) => {
          const answer = recorder.labels['signal']
          const isAsked = answer === undefined || asked.every((matcher) => fits(matcher, answer))
          return isAsked && visit(recorder, answer === undefined ? asked : [], new Set([...above, recorder]))
        })
    })
  return visit(alert, [], new Set([alert]))
}
