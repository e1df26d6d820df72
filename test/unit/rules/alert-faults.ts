/** Owns what every shipped alert must have. Pure: says what is missing, never reads a file. */
import type { AlertTest, Rule } from './shipped-rules.ts'

const ANNOTATIONS = ['summary', 'description', 'runbook_url', 'current', 'baseline', 'threshold', 'unit']
const NUMBERS = ['current', 'baseline', 'threshold']
const RUNBOOKS = 'https://github.com/procwarden/procwarden/blob/main/docs/runbooks'
const LABEL_VALUES: Readonly<Record<string, readonly string[]>> = {
  severity: ['info', 'warning', 'critical'],
  remediate: ['kill', 'restart', 'quarantine', 'command', 'notify'],
  kind: ['anomaly', 'limit'],
}

/** What is wrong with an alert, as phrases; empty when nothing is. `runbooks` are the names of the pages without `.md`. */
export function alertFaults(rule: Rule, tests: readonly AlertTest[], runbooks: ReadonlySet<string>): string[] {
  const name = rule.alert ?? ''
  const own = tests.filter((test) => test.alertname === name)
  const fired = own.flatMap((test) => test.exp_alerts)
  const faults = ANNOTATIONS.filter((annotation) => (rule.annotations[annotation] ?? '') === '').map(
    (annotation) => `annotation ${annotation} is missing`,
  )
  if (fired.length === 0) faults.push('no promtool test expects it to fire')
  if (!own.some((test) => test.exp_alerts.length === 0)) faults.push('no promtool test expects it not to fire')
  if (!runbooks.has(name)) faults.push('there is no runbook page')
  if (rule.annotations['runbook_url'] !== `${RUNBOOKS}/${name}.md`) faults.push('runbook_url is not that of its page')
  // What fired is what promtool compared with the real result, so labels from a series count as well as the rule's own.
  for (const { exp_labels: labels, exp_annotations: annotations } of fired) {
    for (const [label, values] of Object.entries(LABEL_VALUES)) {
      if (!values.includes(labels[label] ?? '')) faults.push(`label ${label} is "${labels[label] ?? ''}"`)
    }
    for (const annotation of NUMBERS) {
      if (!/^-?\d+(\.\d+)?$/.test(annotations[annotation] ?? ''))
        faults.push(`annotation ${annotation} is no plain number: "${annotations[annotation] ?? ''}"`)
    }
    if (!/^[^\n]+\.$/.test(annotations['description'] ?? '')) faults.push('the description is no sentence')
  }
  return faults
}
