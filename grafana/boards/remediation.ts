/** Owns the dashboard of remediation: what was done, whether it helped, how long it took, and what waits for people. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { board } from '../dashboard.ts'
import type { Row } from '../layout.ts'
import { toIncident, toProgram } from '../links.ts'
import { STEPS } from '../panels/panel.ts'
import { count, stat } from '../panels/stat.ts'
import { table } from '../panels/table.ts'
import { timeSeries } from '../panels/time-series.ts'
import { ACTED } from '../promql.ts'
import { DIAGNOSIS_TEXTS } from './diagnosis-texts.ts'
import { auditTrail, checks, people } from './remediation-people.ts'

export function remediation(): Dashboard {
  return board({
    name: 'remediation',
    description:
      'What was done about anomalies and whether it helped, how fast, what is cooling down and what waits for people. The figures are those of the remediators, which may serve several hosts.',
    console: true,
    rows: [now(), actions(), time(), incidents(), people(), checks(), auditTrail()],
  })
}

function now(): Row {
  const width = 4
  return {
    title: 'Now',
    height: 4,
    panels: [
      count(
        width,
        'Done',
        'Runs that did something about an anomaly, since the remediator started.',
        `sum(procwarden_remediation_actions_total{${ACTED}}) or vector(0)`,
        STEPS.plain,
      ),
      {
        width,
        panel: stat({
          title: 'Success',
          description: 'Share of those runs that did not fail, since the remediator started.',
          unit: 'percentunit',
          decimals: 0,
          queries: [
            {
              expr: `1 - (sum(procwarden_remediation_actions_total{outcome=~"failed|unknown"}) or vector(0)) / sum(procwarden_remediation_actions_total{${ACTED}})`,
            },
          ],
          steps: [
            { value: null, color: 'red' },
            { value: 0.9, color: 'green' },
          ],
          noValue: 'nothing done yet',
        }),
      },
      count(
        width,
        'Open incidents',
        'Incidents that wait for their turn, a later attempt or a person.',
        'sum(procwarden_remediation_incidents{status=~"queued|deferred|awaiting_approval"}) or vector(0)',
        STEPS.zeroIsPlain,
      ),
      count(
        width,
        'Approvals pending',
        'Incidents that wait for a person to say yes or no.',
        'sum(procwarden_remediation_approvals_pending)',
        STEPS.zeroIsPlain,
      ),
      count(
        width,
        'Human alerts',
        'Incidents handed to a person, because nothing helped, that nobody has closed.',
        'sum(procwarden_human_alerts_open)',
        STEPS.zeroIsGood,
      ),
      {
        width,
        panel: stat({
          title: 'Kill switch',
          description: 'Whether everything is paused: then nothing is acted upon.',
          unit: 'short',
          queries: [{ expr: 'max(procwarden_remediation_paused)' }],
          steps: STEPS.zeroIsGood,
          texts: { '0': { text: 'not paused', color: 'text' }, '1': { text: 'paused', color: 'red' } },
        }),
      },
    ],
  }
}

function actions(): Row {
  return {
    title: 'What was done',
    height: 9,
    panels: [
      {
        width: 8,
        panel: timeSeries({
          title: 'Actions by outcome',
          description: 'Runs of incidents since the remediator started, with their action, outcome and reason.',
          unit: 'short',
          shape: 'steps',
          queries: [
            {
              expr: 'sum by (action, outcome, reason) (procwarden_remediation_actions_total)',
              legend: '{{action}} {{outcome}} ({{reason}})',
            },
          ],
          noValue: 'none yet',
        }),
      },
      {
        width: 8,
        panel: timeSeries({
          title: 'Steps of the ladders',
          description: 'Single steps of policies that were done, by policy, action and outcome; since the remediator started.',
          unit: 'short',
          shape: 'steps',
          queries: [
            { expr: 'sum by (policy, action, outcome) (procwarden_remediation_steps_total)', legend: '{{policy}}: {{action}} {{outcome}}' },
          ],
          noValue: 'none yet',
        }),
      },
      {
        width: 8,
        panel: timeSeries({
          title: 'Did it help?',
          description: 'Looks at whether an attempt helped, by verdict, and incidents handed on because it did not.',
          unit: 'short',
          shape: 'steps',
          queries: [
            { expr: 'sum by (verdict) (procwarden_remediation_verifications_total)', legend: 'verified: {{verdict}}' },
            { expr: 'sum by (to) (procwarden_remediation_escalations_total)', legend: 'handed to: {{to}}' },
          ],
        }),
      },
    ],
  }
}

function time(): Row {
  const quantile = (share: number, metric: string): string =>
    `histogram_quantile(${share}, sum by (le) (increase(${metric}_bucket[$__range])))`
  const pair = (title: string, description: string, metric: string) => ({
    width: 5,
    panel: stat({
      title,
      description,
      unit: 's',
      queries: [
        { expr: quantile(0.5, metric), legend: 'half within' },
        { expr: quantile(0.95, metric), legend: '95 % within' },
      ],
      steps: STEPS.plain,
      noValue: 'none in this time',
    }),
  })
  return {
    title: 'How fast',
    height: 7,
    panels: [
      pair(
        'Time to act',
        'From the beginning of an alert to the beginning of the action on it, of those within the time shown. The bounds of the buckets make it an estimate.',
        'procwarden_remediation_action_delay_seconds',
      ),
      pair(
        'Time to close',
        'From the receipt of an alert until its incident was closed, of those within the time shown.',
        'procwarden_remediation_incident_duration_seconds',
      ),
      {
        width: 14,
        panel: timeSeries({
          title: 'Time to act, over time',
          description: 'Half and 95 % of the actions up to each point, since the remediator started, began within this time.',
          unit: 's',
          queries: [
            { expr: 'histogram_quantile(0.5, sum by (le) (procwarden_remediation_action_delay_seconds_bucket))', legend: 'p50' },
            { expr: 'histogram_quantile(0.95, sum by (le) (procwarden_remediation_action_delay_seconds_bucket))', legend: 'p95' },
          ],
          noValue: 'nothing was done yet',
        }),
      },
    ],
  }
}

function incidents(): Row {
  return {
    title: 'Incidents',
    height: 10,
    panels: [
      {
        width: 24,
        panel: table({
          title: 'Incidents, open and recent',
          description: 'At most a hundred, of each alert the newest. An incident leads to the console, with its evidence and its timeline.',
          unit: 'short',
          noValue: 'none',
          queries: [
            'max by (incident, alertname, host, group, pid, subject, severity, status, diagnosis, confidence, recommended_action) (procwarden_incident_info{host=~"$instance|",group=~"$group|"})',
          ],
          columns: [
            { from: 'incident', title: 'Incident', link: toIncident() },
            { from: 'status', title: 'State', texts: { awaiting_approval: { text: 'awaiting approval', color: 'orange' } } },
            { from: 'severity', title: 'Severity', texts: { critical: { text: 'critical', color: 'red' } } },
            { from: 'alertname', title: 'Anomaly' },
            { from: 'group', title: 'Program', link: toProgram('Host') },
            { from: 'pid', title: 'pid', width: 80 },
            { from: 'subject', title: 'Where' },
            { from: 'diagnosis', title: 'Diagnosis', texts: DIAGNOSIS_TEXTS },
            { from: 'confidence', title: 'Confidence' },
            { from: 'recommended_action', title: 'Recommended action' },
            { from: 'host', title: 'Host' },
          ],
          sortBy: { column: 'Incident' },
        }),
      },
    ],
  }
}
