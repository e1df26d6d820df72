import { describe, expect, test } from 'vitest'
import type { Incident } from '../../../src/remediator/model.ts'
import { causeOf, eventsOf } from '../../../src/remediator/notify/events.ts'
import { incidentLetter } from '../../../src/remediator/notify/incident-letter.ts'
import { letterHtml } from '../../../src/remediator/notify/letter-html.ts'
import { letterText } from '../../../src/remediator/notify/letter-text.ts'
import type { Approval } from '../../../src/remediator/store/approvals.ts'
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

const approval = (more: Partial<Approval> = {}): Approval => ({
  id: 1,
  incident: 'i-1',
  attempt: 1,
  policy: 'kill-runaway',
  action: 'kill',
  steps: '[]',
  program: 'storm',
  target: 'storm (pid 7)',
  targetKey: 'process:7:1',
  bootId: 'b',
  why: 'the mode is confirm',
  frozen: 1,
  onExpiry: 'deny',
  mayStand: true,
  askedAtMs: Date.parse('2026-01-01T00:00:00Z'),
  expiresAtMs: Date.parse('2026-01-01T00:15:00Z'),
  answer: null,
  answeredAtMs: null,
  answeredBy: null,
  answeredHow: null,
  ...more,
})
const ASKS = ending({ status: 'awaiting_approval', decision: 'ask', reason: 'approval_required', outcome: null })

describe('a mail about an incident', () => {
  test('says what was done, how far from normal, and where to read on', () => {
    const letter = incidentLetter(INCIDENT, ending({}), ORIGIN)
    expect(letter.subject).toBe('[procwarden host-1] stopped: storm (pid 7) - ProcessFileCreationStorm')
    for (const text of [letterText(letter), letterHtml(letter)])
      for (const part of ['It ended.', 'storm created 321 files.', '321 files', '2 files', '100 files', 'i-1', 'https://example.org/r'])
        expect(text).toContain(part)
  })

  test.each([
    ['observe', ending({ decision: 'would_act', reason: 'mode_observe', outcome: 'observed' }), 'would stop', '--mode auto'],
    ['confirm', ASKS, 'asks you', 'procwarden approve i-1'],
    ['a failure', ending({ outcome: 'failed', reason: 'survived' }), 'FAILED to stop', 'survived'],
    ['cooldown', ending({ status: 'deferred', reason: 'cooldown', outcome: 'refused' }), 'cooling down', 'cooldown'],
    ['an action', ending({}), 'stopped', 'procwarden pause'],
    ['something that can be undone', ending({ outcome: 'frozen' }), 'frozen', 'procwarden rollback i-1'],
  ])('for %s tells what a person can do', (_what, how, subject, body) => {
    const letter = incidentLetter(INCIDENT, how, ORIGIN)
    expect(letter.subject).toContain(subject)
    expect(letterText(letter)).toContain(body)
  })

  test.each([
    ['deny', 1, 'is frozen meanwhile', 'nothing is done and it goes on'],
    ['deny', 0, 'runs on meanwhile', 'nothing is done.'],
    ['approve', 1, 'is frozen meanwhile', 'it is done all the same'],
    ['leave-frozen', 1, 'is frozen meanwhile', 'stays so'],
  ] as const)('a question (%s, %i frozen) says what happens meanwhile, until when and what then', (onExpiry, frozen, meanwhile, then) => {
    const links = { approve: 'https://warden/answer/yes', deny: 'https://warden/answer/no' }
    const letter = incidentLetter(INCIDENT, ASKS, ORIGIN, { approval: approval({ onExpiry, frozen }), links })
    for (const text of [letterText(letter), letterHtml(letter)])
      for (const part of [meanwhile, then, '2026-01-01 00:15 UTC', links.approve, links.deny]) expect(text).toContain(part)
  })

  test('nothing from an alert becomes markup, a link of its own or an invisible turn of the text', () => {
    const hostile = '<img src=x onerror=alert(1)>"\u202etxt.exe'
    const incident = {
      ...INCIDENT,
      alertname: hostile,
      annotations: { description: hostile, current: hostile, runbook_url: 'javascript:alert(1)' },
      target: INCIDENT.target && { ...INCIDENT.target, group: hostile },
    }
    const letter = incidentLetter(incident, ending({ text: hostile }), ORIGIN)
    const page = letterHtml(letter)
    expect(page).not.toMatch(/<img|javascript:|\u202e/)
    expect(page).toContain('&lt;img src=x onerror=alert(1)&gt;')
    expect(letterText(letter)).not.toMatch(/javascript:|\u202e/)
    expect(letter.subject).not.toContain('\u202e')
  })
})

describe('what an ending is about', () => {
  test.each([
    ['another host', ending({ decision: 'refuse', reason: 'not_this_host', outcome: 'refused' })],
    ['a resolved alert', ending({ status: 'cancelled', decision: null, reason: 'resolved', outcome: 'cancelled' })],
    ['a process that ended by itself', ending({ decision: 'refuse', reason: 'target_gone', outcome: 'target_gone' })],
    ['a postponed look', ending({ status: 'deferred', decision: null, reason: 'just_stopped', outcome: null })],
  ])('nothing, for %s', (_what, how) => {
    expect(eventsOf(INCIDENT, how)).toEqual([])
  })

  test.each([
    ['ServiceDown', 'limit', ending({ outcome: 'restarted', action: 'restart' }), ['crash', 'restart']],
    ['ServiceDown', 'limit', ending({ outcome: 'failed', action: 'restart' }), ['crash', 'restart_failed']],
    ['RapidCrashes', 'anomaly', ending({ outcome: 'notified' }), ['crash']],
    ['ServiceOverCpuLimit', 'limit', ending({ outcome: 'restarted' }), ['cpu_violation', 'restart']],
    ['HostMemoryHigh', 'limit', ending({ outcome: 'notified' }), ['memory_violation']],
    ['DiskFull', 'limit', ending({ outcome: 'notified' }), ['violation']],
    ['MemoryLeakFast', 'anomaly', ending({}), ['anomaly']],
    ['MemoryLeakFast', 'anomaly', ASKS, ['approval']],
    ['CrashLoop', 'anomaly', ending({ status: 'deferred', reason: 'cooldown', outcome: 'refused' }), ['cooldown']],
  ])('%s (%s)', (alertname, kind, how, events) => {
    expect(eventsOf({ ...INCIDENT, alertname, labels: { ...INCIDENT.labels, kind } }, how)).toEqual(events)
  })

  test('a signal tells more than a name', () => {
    expect(causeOf({ alertname: 'Mine', labels: { kind: 'limit', signal: 'memory' } })).toBe('memory_violation')
  })
})
