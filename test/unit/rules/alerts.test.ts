/** Tests that no alert is shipped without what people and the remediator need of it. */
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { alertFaults } from './alert-faults.ts'
import { ROOT, readAlertTests, readRuleFiles, type AlertTest, type Rule } from './shipped-rules.ts'

const alerts = [...readRuleFiles().values()].flatMap((file) =>
  file.groups.flatMap((group) => group.rules.filter((rule) => rule.alert !== undefined)),
)
const runbooks = new Set(readdirSync(path.join(ROOT, 'docs/runbooks')).map((name) => path.basename(name, '.md')))

describe('shipped alerts', () => {
  test('are the ones that runbooks know', () => {
    expect(alerts.length).toBeGreaterThan(50)
    expect([...runbooks].toSorted()).toEqual([...new Set(alerts.map((rule) => rule.alert ?? ''))].toSorted())
  })

  test.each(alerts)('$alert has tests, a runbook, labels and annotations', (rule) => {
    expect(alertFaults(rule, readAlertTests(), runbooks)).toEqual([])
  })

  test.each(alerts)('$alert can be switched off by its name', (rule) => {
    expect(rule.expr).toContain(`unless on () procwarden:detector:off{alertname="${rule.alert}"}`)
  })

  test('none lets a leader decide whether it lasts', () => {
    expect(alerts.filter((rule) => /\b(topk|bottomk)\b/.test(rule.expr)).map((rule) => rule.alert)).toEqual([])
  })
})

describe('the check of alerts', () => {
  const url = 'https://github.com/procwarden/procwarden/blob/main/docs/runbooks/A.md'
  const annotations = { summary: 's', description: 'd', runbook_url: url, current: 'c', baseline: 'b', threshold: 't', unit: 'u' }
  const rule: Rule = { alert: 'A', expr: 'x', labels: {}, annotations }
  const firing: AlertTest = {
    alertname: 'A',
    exp_alerts: [
      {
        exp_labels: { severity: 'warning', remediate: 'notify', kind: 'anomaly' },
        exp_annotations: { description: 'It is bad.', current: '1', baseline: '0.5', threshold: '2' },
      },
    ],
  }
  const quiet: AlertTest = { alertname: 'A', exp_alerts: [] }
  const pages = new Set(['A'])

  test('accepts a whole alert', () => {
    expect(alertFaults(rule, [firing, quiet], pages)).toEqual([])
  })

  test('wants a test that fires and one that does not', () => {
    expect(alertFaults(rule, [quiet], pages)).toEqual(['no promtool test expects it to fire'])
    expect(alertFaults(rule, [firing, { ...quiet, alertname: 'B' }], pages)).toEqual(['no promtool test expects it not to fire'])
  })

  test('wants the runbook, every annotation and every label', () => {
    expect(alertFaults(rule, [firing, quiet], new Set())).toEqual(['there is no runbook page'])
    expect(alertFaults({ ...rule, annotations: { ...annotations, unit: '' } }, [firing, quiet], pages)).toEqual([
      'annotation unit is missing',
    ])
    expect(alertFaults({ ...rule, annotations: { ...annotations, runbook_url: 'x' } }, [firing, quiet], pages)).toEqual([
      'runbook_url is not that of its page',
    ])
    const bad = {
      exp_labels: { remediate: 'notify', kind: 'anomaly' },
      exp_annotations: { description: 'bad', current: '1e3', baseline: '1', threshold: '2' },
    }
    expect(alertFaults(rule, [{ ...firing, exp_alerts: [bad] }, quiet], pages)).toEqual([
      'label severity is ""',
      'annotation current is no plain number: "1e3"',
      'the description is no sentence',
    ])
  })
})
