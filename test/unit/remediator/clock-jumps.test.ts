import { describe, expect, test } from 'vitest'
import { Journal } from '../../../src/remediator/audit/journal.ts'
import { createClockJumpCheck } from '../../../src/remediator/clock-jumps.ts'
import { Database } from '../../../src/remediator/store/database.ts'
import { createIncident } from '../../../src/remediator/store/incidents/create-incident.ts'
import { dueIncidents } from '../../../src/remediator/store/incidents/due-incidents.ts'
import { updateIncident } from '../../../src/remediator/store/incidents/update-incident.ts'
import { enqueueMail } from '../../../src/remediator/store/outbox/enqueue-mail.ts'
import { lastAlertMail } from '../../../src/remediator/store/outbox/last-alert-mail.ts'
import { mailsSentSince } from '../../../src/remediator/store/outbox/mails-sent-since.ts'
import { markMailSent } from '../../../src/remediator/store/outbox/mark-mail-sent.ts'
import { nextMail } from '../../../src/remediator/store/outbox/next-mail.ts'
import { postponeMail } from '../../../src/remediator/store/outbox/postpone-mail.ts'
import { FakeClock } from '../../support/clock.ts'
import { keptLog } from '../../support/log.ts'
import { afterTest, temporaryDirectory } from '../../support/temporary.ts'

const DAY_MS = 86_400_000
const lastHour = ({ now: nowMs }: FakeClock) => ({ sinceMs: nowMs - 3_600_000, nowMs })

function setUp() {
  const folder = temporaryDirectory()
  const database = Database.open(`${folder}/procwarden.db`)
  afterTest(() => database.close())
  const clock = new FakeClock()
  const log = keptLog()
  const options = { database, clock, log, journal: new Journal(database, `${folder}/audit.ndjson`, clock, log) }
  const alert = { fingerprint: 'a', status: 'firing', labels: { alertname: 'A' }, annotations: {}, startsAt: '' } as const
  const { id } = createIncident(database, alert, new Date(clock.now).toISOString())
  updateIncident(database, id, { status: 'deferred', nextAtMs: clock.now + 60_000 })
  const mail = { incident: null, subject: '', body: '', messageId: '', createdAtMs: clock.now }
  for (const dedupe of ['sent', 'waiting']) enqueueMail(database, { ...mail, dedupe })
  const isDue = (): boolean => dueIncidents(database, clock.nowMs(), 10).length > 0
  return { database, clock, log, options, isDue }
}

describe.each([
  ['forward', DAY_MS],
  ['back', -DAY_MS],
])('a wall clock that is set %s by a day', (_direction, byMs) => {
  test('moves what waits along, neither early nor late', () => {
    const { clock, options, isDue, log } = setUp()
    const check = createClockJumpCheck(options)
    check()
    clock.now += byMs
    check()
    expect(isDue()).toBe(false)
    clock.advance(59_000)
    check()
    expect(isDue()).toBe(false)
    clock.advance(1_001)
    check()
    expect(isDue()).toBe(true)
    expect(log.lines.filter(({ level }) => level === 'warn')).toHaveLength(1)
  })

  test('does so also when it happened while nobody ran', () => {
    const { clock, options, isDue } = setUp()
    createClockJumpCheck(options)()
    clock.now += byMs
    createClockJumpCheck(options)()
    expect(isDue()).toBe(false)
    clock.advance(60_001)
    expect(isDue()).toBe(true)
  })

  test('is dealt with once by several remediators on one store', () => {
    const { clock, options, isDue } = setUp()
    const [one, other] = [createClockJumpCheck(options), createClockJumpCheck(options)]
    one()
    other()
    clock.now += byMs
    one()
    other()
    one()
    clock.advance(60_001)
    expect(isDue()).toBe(true)
  })

  test("neither frees nor uses up the hour's allowance of mails, nor delays one that waits", () => {
    const { clock, options, database } = setUp()
    const check = createClockJumpCheck(options)
    check()
    const first = nextMail(database, clock.now)
    markMailSent(database, first?.id ?? 0, clock.now)
    const second = nextMail(database, clock.now)
    postponeMail(database, second?.id ?? 0, clock.now + 5_000, 'later')
    clock.now += byMs
    check()
    expect(mailsSentSince(database, lastHour(clock))).toBe(1)
    expect(nextMail(database, clock.now)).toBeUndefined()
    clock.advance(5_000)
    expect(nextMail(database, clock.now)).toMatchObject({ dedupe: 'waiting' })
    clock.advance(3_600_000)
    expect(mailsSentSince(database, lastHour(clock))).toBe(0)
  })

  test('makes no mail older or younger: neither given up too early, nor forgotten as a call of the last minutes', () => {
    const { clock, options, database } = setUp()
    const call = { incident: null, kind: 'alert', subject: '', body: '', messageId: '', createdAtMs: clock.now } as const
    const calls = ['call-1', 'call-2'].map((dedupe) => enqueueMail(database, { ...call, dedupe }) ?? 0)
    markMailSent(database, calls[0] ?? 0, clock.now)
    const check = createClockJumpCheck(options)
    check()
    clock.now += byMs
    check()
    expect(nextMail(database, clock.now, { kind: 'incident' })).toMatchObject({ createdAtMs: clock.now })
    expect(lastAlertMail(database, lastHour(clock))).toEqual({ count: 2, lastAtMs: clock.now })
  })
})

test('what lies ahead of a clock that was set back is not counted', () => {
  const { clock, database } = setUp()
  const call = { incident: null, kind: 'alert', subject: '', body: '', messageId: '', createdAtMs: clock.now } as const
  enqueueMail(database, { ...call, dedupe: 'call' })
  markMailSent(database, nextMail(database, clock.now, { kind: 'incident' })?.id ?? 0, clock.now)
  expect([mailsSentSince(database, lastHour(clock)), lastAlertMail(database, lastHour(clock)).count]).toEqual([1, 1])
  clock.now -= DAY_MS
  expect(mailsSentSince(database, lastHour(clock))).toBe(0)
  expect(lastAlertMail(database, lastHour(clock))).toEqual({ count: 0, lastAtMs: null })
})

test('a reboot is no jump', () => {
  const { clock, options, log } = setUp()
  createClockJumpCheck(options)()
  clock.reboot()
  createClockJumpCheck(options)()
  expect(log.lines).toEqual([])
})
