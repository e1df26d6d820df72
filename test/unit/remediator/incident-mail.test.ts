import { describe, expect, test } from 'vitest'
import type { Incident } from '../../../src/remediator/model.ts'
import { incidentMail } from '../../../src/remediator/notify/incident-mail.ts'
import type { Ending } from '../../../src/remediator/stage.ts'

const ORIGIN = { hostname: 'host-1', consoleUrl: 'http://127.0.0.1:9931/' }
const INCIDENT: Incident = {
  id: 'i-1',
  fingerprint: 'f',
  episode: 1,
  status: 'done',
  alertname: 'ProcessFileCreationStorm',
  severity: 'critical',
  labels: { group: 'storm', pid: '7' },
  annotations: {
    description: 'storm created 321 files.',
    current: '321',
    baseline: '2',
    threshold: '100',
    unit: 'files',
    runbook_url: 'https://example.org/r',
  },
  startedAt: '2026-01-01T00:00:00.000Z',
  receivedAt: '2026-01-01T00:00:01.000Z',
  resolvedAt: null,
  mode: 'auto',
  policy: 'kill-runaway',
  decision: 'act',
  reason: 'none',
  action: 'kill',
  target: {
    kind: 'process',
    group: 'storm',
    pid: 7,
    startTicks: 1,
    startTime: '2025-12-31T23:00:00.000Z',
    program: '/usr/bin/storm',
    evidence: '',
    confidence: 'high',
  },
  progress: null,
  escalatedAt: null,
  outcome: 'killed',
  summary: null,
  attempts: 1,
  nextAtMs: null,
  approvedBy: null,
  closedAt: null,
}
const ending = (more: Partial<Ending>): Ending => ({
  event: 'verified',
  text: 'It ended.',
  status: 'done',
  decision: 'act',
  reason: 'none',
  outcome: 'killed',
  ...more,
})

describe('a mail about an incident', () => {
  test('says what was done, how far from normal, and where to read on', () => {
    const mail = incidentMail(INCIDENT, ending({}), ORIGIN, 0)
    expect(mail?.subject).toBe('[procwarden host-1] stopped: storm (pid 7) - ProcessFileCreationStorm')
    for (const part of ['It ended.', 'storm created 321 files.', '321 files', '2 files', '100 files', 'i-1', 'https://example.org/r'])
      expect(mail?.body).toContain(part)
  })

  test.each([
    ['observe', ending({ decision: 'would_act', reason: 'mode_observe', outcome: 'observed' }), 'would stop', '--mode auto'],
    [
      'confirm',
      ending({ status: 'awaiting_approval', decision: 'ask', reason: 'approval_required', outcome: null }),
      'asks you',
      'procwarden approve i-1',
    ],
    ['a failure', ending({ outcome: 'failed', reason: 'survived' }), 'FAILED to stop', 'survived'],
    ['cooldown', ending({ status: 'deferred', reason: 'cooldown', outcome: 'refused' }), 'cooling down', 'cooldown'],
  ])('for %s tells what a person can do', (_what, how, subject, body) => {
    const mail = incidentMail(INCIDENT, how, ORIGIN, 0)
    expect(mail?.subject).toContain(subject)
    expect(mail?.body).toContain(body)
  })

  test.each([
    ['another host', ending({ decision: 'refuse', reason: 'not_this_host', outcome: 'refused' })],
    ['a resolved alert', ending({ status: 'cancelled', decision: null, reason: 'resolved', outcome: 'cancelled' })],
    ['a process that ended by itself', ending({ decision: 'refuse', reason: 'target_gone', outcome: 'target_gone' })],
    ['a postponed look', ending({ status: 'deferred', decision: null, reason: 'just_stopped', outcome: null })],
  ])('is not sent for %s', (_what, how) => {
    expect(incidentMail(INCIDENT, how, ORIGIN, 0)).toBeUndefined()
  })

  test('the same conclusion has the same key, the next attempt another', () => {
    const first = incidentMail(INCIDENT, ending({}), ORIGIN, 0)
    expect(incidentMail(INCIDENT, ending({}), ORIGIN, 99)?.dedupe).toBe(first?.dedupe)
    expect(incidentMail({ ...INCIDENT, attempts: 2 }, ending({}), ORIGIN, 0)?.dedupe).not.toBe(first?.dedupe)
  })
})
