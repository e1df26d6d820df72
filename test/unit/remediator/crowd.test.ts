import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { createRateLimit } from '../../../src/remediator/api/rate-limit.ts'
import { createDeliveryQueue } from '../../../src/remediator/delivery-queue.ts'
import { createPace } from '../../../src/remediator/pace.ts'
import { Database } from '../../../src/remediator/store/database.ts'
import { inboxLength } from '../../../src/remediator/store/inbox/inbox-length.ts'
import { FakeClock } from '../../support/clock.ts'
import { afterTest, temporaryDirectory } from '../../support/temporary.ts'

describe('the rate limit', () => {
  test('lets a burst through, then the steady pace, for each caller alone', () => {
    let now = 0
    const limit = createRateLimit({ perSecond: 2, burst: 3, nowMs: () => now })
    expect([1, 2, 3].map(() => limit.take('a'))).toEqual([0, 0, 0])
    expect(limit.take('a')).toBeGreaterThan(0)
    expect(limit.take('b')).toBe(0)
    now = 1_000
    expect([limit.take('a'), limit.take('a')]).toEqual([0, 0])
    expect(limit.take('a')).toBeGreaterThan(0)
  })

  test('remembers a bounded number of callers', () => {
    const limit = createRateLimit({ perSecond: 1, burst: 1, nowMs: () => 0 })
    limit.take('first')
    for (let caller = 0; caller < 20_000; caller++) limit.take(`caller ${caller}`)
    expect(limit.take('first')).toBe(0)
    expect(limit.take('caller 19999')).toBeGreaterThan(0)
  })
})

describe('the pace of the work', () => {
  test('gives way only while deliveries pour in', () => {
    let now = 0
    const pace = createPace(() => now)
    expect([pace.mayTakeTurn(), pace.mayTakeTurn()]).toEqual([true, true])
    for (let count = 0; count < 25; count++) pace.arrived()
    expect(pace.mayTakeTurn()).toBe(false)
    now = 200
    expect([pace.mayTakeTurn(), pace.mayTakeTurn()]).toEqual([true, false])
    now = 1_000
    expect([pace.mayTakeTurn(), pace.mayTakeTurn()]).toEqual([true, true])
  })
})

describe('the delivery queue', () => {
  const alert = (pad = '') =>
    ({ fingerprint: 'a', status: 'firing', labels: { alertname: 'A', pad }, annotations: {}, startsAt: '' }) as const

  function open(): Database {
    const database = Database.open(`${temporaryDirectory()}/procwarden.db`)
    afterTest(() => database.close())
    return database
  }

  test('deliveries of one moment share a commit', async () => {
    const database = open()
    let commits = 0
    const counted = database.fenced(() => void commits++)
    const queue = createDeliveryQueue(counted, new FakeClock())
    await Promise.all(Array.from({ length: 50 }, () => queue.accept([alert(), alert()])))
    expect([commits, inboxLength(database)]).toEqual([1, 100])
  })

  test('nobody is told before the alerts are on disk', async () => {
    const database = open()
    const queue = createDeliveryQueue(database, new FakeClock())
    const lengths: number[] = []
    const accepted = queue.accept([alert()]).then(() => lengths.push(inboxLength(database)))
    expect(inboxLength(database)).toBe(0)
    await nextTurn()
    await accepted
    expect(lengths).toEqual([1])
  })

  test('one that cannot be written takes no other with it', async () => {
    const database = open()
    database.run("CREATE TRIGGER refuse BEFORE INSERT ON inbox WHEN instr(NEW.alert, 'poison') BEGIN SELECT RAISE(ABORT, 'no'); END")
    const queue = createDeliveryQueue(database, new FakeClock())
    const results = await Promise.allSettled([queue.accept([alert()]), queue.accept([alert('poison')]), queue.accept([alert()])])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(inboxLength(database)).toBe(2)
  })
})
