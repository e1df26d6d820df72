import { describe, expect, test } from 'vitest'
import { Database } from '../../../src/remediator/store/database.ts'
import { createIncident } from '../../../src/remediator/store/incidents.ts'
import {
  activeCooldowns,
  capReached,
  concludeIntent,
  continueIntent,
  openIntentOf,
  requestIntent,
  resetCooldown,
  type CooldownRule,
  type IntentGrant,
  type NewIntent,
} from '../../../src/remediator/store/intents.ts'
import { FakeClock } from '../../support/clock.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

const INTENT: Omit<NewIntent, 'incident'> = {
  action: 'kill',
  cooldownKey: 'process:storm',
  policy: 'kill-runaway',
  targetKey: 'process:7:1',
  pid: 7,
  startTicks: 1,
  attempt: 1,
  step: 0,
  at: '',
}
const RULE: CooldownRule = { max: 5, windowMs: 60_000, durationMs: 120_000 }

function setUp(file = `${temporaryDirectory()}/procwarden.db`) {
  const database = Database.open(file)
  const clock = new FakeClock()
  const alert = {
    fingerprint: 'a',
    status: 'firing',
    labels: { alertname: 'A' },
    annotations: {},
    startsAt: '2026-01-01T00:00:00.000Z',
  } as const
  const incident = createIncident(database, alert, alert.startsAt)
  let pid = 100
  /** One attempt on a fresh process of the program, concluded at once. */
  const attempt = (key = 'process:storm', on = database): IntentGrant => {
    const grant = requestIntent(
      on,
      { ...INTENT, incident: incident.id, cooldownKey: key, targetKey: `process:${pid++}:1` },
      RULE,
      {},
      clock.boot(),
    )
    if (grant.granted) concludeIntent(on, grant.intentId, 'killed', '')
    return grant
  }
  return { database, clock, attempt, file, incident }
}

describe('cooldown', () => {
  test('five attempts in 60 s are granted, the sixth begins 120 s of cooldown', () => {
    const { attempt, clock, database } = setUp()
    for (let count = 0; count < 5; count++) {
      expect(attempt().granted).toBe(true)
      clock.advance(5_000)
    }
    expect(attempt()).toEqual({ granted: false, why: 'cooldown', remainingMs: 120_000, freshly: true })
    expect(activeCooldowns(database, clock.boot())).toBe(1)
    clock.advance(119_000)
    expect(attempt()).toEqual({ granted: false, why: 'cooldown', remainingMs: 1_000, freshly: false })
    database.close()
  })

  test('counters begin anew after a cooldown', () => {
    const { attempt, clock, database } = setUp()
    for (let count = 0; count < 6; count++) attempt()
    clock.advance(120_001)
    for (let count = 0; count < 5; count++) expect(attempt().granted).toBe(true)
    expect(attempt().granted).toBe(false)
    database.close()
  })

  test('five attempts spread over more than the window never cool down', () => {
    const { attempt, clock, database } = setUp()
    for (let count = 0; count < 30; count++) {
      expect(attempt().granted).toBe(true)
      clock.advance(12_001)
    }
    database.close()
  })

  test('each program has its own count', () => {
    const { attempt, database } = setUp()
    for (let count = 0; count < 6; count++) attempt('process:storm')
    expect(attempt('process:other').granted).toBe(true)
    database.close()
  })

  test('jumps of the wall clock do not matter, a reboot resets', () => {
    const { attempt, clock, database } = setUp()
    for (let count = 0; count < 6; count++) attempt()
    clock.now += 86_400_000
    expect(attempt().granted).toBe(false)
    clock.now -= 2 * 86_400_000
    expect(attempt().granted).toBe(false)
    clock.reboot()
    expect(attempt().granted).toBe(true)
    database.close()
  })

  test('two remediators on one store share the count, and a restart keeps it', () => {
    const { attempt, database, file } = setUp()
    const other = Database.open(file)
    for (let count = 0; count < 5; count++) expect(attempt('process:storm', count % 2 === 0 ? database : other).granted).toBe(true)
    expect(attempt('process:storm', other).granted).toBe(false)
    database.close()
    other.close()
    const restarted = Database.open(file)
    expect(attempt('process:storm', restarted).granted).toBe(false)
    restarted.close()
  })

  test('a process that is being acted upon is not acted upon twice', () => {
    const { database, clock, incident } = setUp()
    const intent = { ...INTENT, incident: incident.id }
    expect(requestIntent(database, intent, RULE, {}, clock.boot()).granted).toBe(true)
    expect(requestIntent(database, intent, RULE, {}, clock.boot())).toEqual({ granted: false, why: 'busy' })
    database.close()
  })

  test('caps bound what a target, a policy and the host get, the narrowest first', () => {
    const { database, clock, incident } = setUp()
    const roomy: CooldownRule = { max: 1_000, windowMs: 60_000, durationMs: 1 }
    const caps = { target: { max: 2, windowMs: 60_000 }, policy: { max: 3, windowMs: 60_000 }, host: { max: 4, windowMs: 60_000 } }
    const request = (cooldownKey: string, policy: string) => {
      const targetKey = `${cooldownKey}:${clock.bootMs}`
      clock.advance(1_000)
      const grant = requestIntent(database, { ...INTENT, incident: incident.id, cooldownKey, policy, targetKey }, roomy, caps, clock.boot())
      if (grant.granted) concludeIntent(database, grant.intentId, 'killed', '')
      return grant.granted ? 'granted' : grant.why === 'cap' ? `${grant.cap} ${grant.remainingMs}` : grant.why
    }
    expect(request('a', 'one')).toBe('granted')
    expect(request('a', 'one')).toBe('granted')
    expect(request('a', 'one')).toBe('target 58000')
    expect(request('b', 'one')).toBe('granted')
    expect(request('c', 'one')).toBe('policy 56000')
    expect(request('c', 'two')).toBe('granted')
    expect(request('d', 'three')).toBe('host 54000')
    expect(capReached(database, { cooldownKey: 'e', policy: 'five' }, caps, clock.boot())).toEqual({ cap: 'host', remainingMs: 54_000 })
    clock.advance(54_000)
    expect(request('d', 'three')).toBe('granted')
    database.close()
  })

  test('a later step of an attempt is one intent more and no attempt more', () => {
    const { database, clock, incident } = setUp()
    const rule: CooldownRule = { max: 2, windowMs: 60_000, durationMs: 1_000 }
    const intent = { ...INTENT, incident: incident.id }
    const first = requestIntent(database, intent, rule, {}, clock.boot())
    if (!first.granted) throw new Error('the first attempt is granted')
    const second = continueIntent(database, first.intentId, 'killed', { ...intent, action: 'quarantine', step: 1 }, clock.boot())
    expect(openIntentOf(database, incident.id)).toMatchObject({ id: second, action: 'quarantine', step: 1, targetKey: 'process:7:1' })
    concludeIntent(database, second, 'quarantined', '')
    expect(openIntentOf(database, incident.id)).toBeUndefined()
    expect(requestIntent(database, intent, rule, {}, clock.boot()).granted).toBe(true)
    database.close()
  })

  test('a success after a cooldown begins the count anew, one without changes nothing', () => {
    const { attempt, database, clock } = setUp()
    for (let count = 0; count < 6; count++) attempt()
    clock.advance(120_001)
    for (let count = 0; count < 4; count++) attempt()
    resetCooldown(database, 'process:storm', clock.boot())
    for (let count = 0; count < 5; count++) {
      clock.advance(10)
      expect(attempt().granted).toBe(true)
    }
    expect(attempt().granted).toBe(false)
    resetCooldown(database, 'process:storm', clock.boot())
    expect(attempt().granted).toBe(false)
    database.close()
  })
})
