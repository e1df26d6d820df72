/** Owns the rows of the remediation dashboard about what waits, what is checked, and whether the record is whole. */
import type { Row } from '../layout.ts'
import { STEPS } from '../panels/panel.ts'
import { count, stat } from '../panels/stat.ts'
import { timeSeries } from '../panels/time-series.ts'
import { timeline } from '../panels/timeline.ts'

export function people(): Row {
  return {
    title: 'Cooldowns, approvals and messages',
    height: 8,
    panels: [
      {
        width: 8,
        panel: timeline({
          title: 'Cooldowns',
          description:
            'How many targets are cooling down: they were acted upon too often and are left alone for a while. And when everything was paused.',
          unit: 'short',
          queries: [
            { expr: 'sum(procwarden_cooldowns_active)', legend: 'cooling down' },
            { expr: 'max(procwarden_remediation_paused)', legend: 'paused' },
          ],
          steps: [
            { value: null, color: 'text' },
            { value: 1, color: 'orange' },
          ],
          texts: { '0': { text: 'none', color: 'text' } },
        }),
      },
      {
        width: 8,
        panel: timeSeries({
          title: 'Waiting for people',
          description: 'Approvals that nobody has answered, and incidents handed to a person that nobody has closed.',
          unit: 'short',
          shape: 'steps',
          queries: [
            { expr: 'sum(procwarden_remediation_approvals_pending)', legend: 'approvals' },
            { expr: 'sum(procwarden_human_alerts_open)', legend: 'human alerts' },
          ],
          styles: [['/^human/', 'bad']],
        }),
      },
      {
        width: 8,
        panel: timeSeries({
          title: 'Mail and advisor',
          description: 'Mails that wait to be sent, and requests to the advisor by outcome since the remediator started.',
          unit: 'short',
          shape: 'steps',
          queries: [
            { expr: 'sum(procwarden_mail_outbox_length)', legend: 'mails waiting' },
            { expr: 'sum by (outcome) (procwarden_advisor_requests_total)', legend: 'advisor: {{outcome}}' },
          ],
        }),
      },
    ],
  }
}

export function checks(): Row {
  return {
    title: 'Synthetic checks',
    height: 8,
    panels: [
      {
        width: 6,
        panel: timeline({
          title: 'Passed or failed',
          description: 'Whether each check passed when it last ran.',
          unit: 'short',
          queries: [{ expr: 'min by (check) (procwarden_check_success)', legend: '{{check}}' }],
          steps: STEPS.zeroIsBad,
          texts: { '0': { text: 'failed', color: 'red' }, '1': { text: 'passed', color: 'green' } },
          noValue: 'no check has run',
        }),
      },
      {
        width: 6,
        panel: timeSeries({
          title: 'Errors of checks',
          description: "Share of a check's requests that failed, against the limit of CheckDrifted.",
          unit: 'percentunit',
          queries: [
            { expr: 'max by (check) (procwarden_check_error_ratio)', legend: '{{check}}' },
            { expr: 'max(procwarden:threshold:limit:default{signal="check_errors"})', legend: 'limit' },
          ],
          styles: [['/^limit$/', 'limit']],
        }),
      },
      {
        width: 6,
        panel: timeSeries({
          title: 'Latency of checks',
          description: "Seconds within which 95 % of a check's requests were answered, with its saved healthy baseline dashed.",
          unit: 's',
          queries: [
            { expr: 'max by (check) (procwarden_check_latency_p95_seconds)', legend: '{{check}}' },
            { expr: 'max by (check) (procwarden_check_baseline_latency_p95_seconds)', legend: '{{check}} baseline' },
          ],
          styles: [['/ baseline$/', 'baseline']],
          noValue: 'no check has run',
        }),
      },
      {
        width: 6,
        panel: timeSeries({
          title: 'Memory under checks',
          description: 'How fast memory grows under each check, in bytes per hour, against the limit of CheckDrifted.',
          unit: 'bytes',
          min: 'any',
          queries: [
            { expr: 'max by (check) (procwarden_check_memory_growth_bytes_per_hour)', legend: '{{check}}' },
            { expr: 'max(procwarden:threshold:limit:default{signal="check_memory"})', legend: 'limit' },
          ],
          styles: [['/^limit$/', 'limit']],
        }),
      },
    ],
  }
}

export function auditTrail(): Row {
  return {
    title: 'Audit trail',
    height: 7,
    panels: [
      {
        width: 5,
        panel: stat({
          title: 'Whole?',
          description: 'Whether each entry of the audit trail followed from the one before it when the remediator started.',
          unit: 'short',
          queries: [{ expr: 'min(procwarden_audit_intact)' }],
          steps: STEPS.zeroIsBad,
          texts: { '0': { text: 'broken', color: 'red' }, '1': { text: 'intact', color: 'green' } },
        }),
      },
      count(
        5,
        'Became shorter',
        'Times within the time shown that the trail had fewer entries than before; it is append-only, so there should be none.',
        'sum(resets(procwarden_audit_length[$__range]))',
        STEPS.zeroIsGood,
      ),
      {
        width: 9,
        panel: timeSeries({
          title: 'Length of the trail',
          description:
            'Entries of the audit trail. Prometheus keeps this and the fingerprint of the last entry off the host: `procwarden audit verify --prometheus.url` compares them.',
          unit: 'short',
          shape: 'steps',
          queries: [{ expr: 'max by (instance) (procwarden_audit_length)', legend: '{{instance}}' }],
        }),
      },
      {
        width: 5,
        panel: stat({
          title: 'Trail',
          description: 'The name of the trail, made from its first entry: another name is another trail.',
          unit: 'short',
          queries: [{ expr: 'max by (trail) (procwarden_audit_trail_info)', legend: '{{trail}}' }],
          steps: STEPS.plain,
          namesOnly: true,
        }),
      },
    ],
  }
}
