import { describe, expect, test } from 'vitest'
import { Database } from '../../../src/remediator/store/database.ts'
import { createIncident } from '../../../src/remediator/store/incidents.ts'
import {
  activeCooldowns,
  concludeIntent,
  requestIntent,
  type CooldownRule,
  type IntentGrant,
} from '../../../src/remediator/store/intents.ts'
import { FakeClock } from '../../support/clock.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

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
      { incident: incident.id, action: 'kill', cooldownKey: key, pid: pid++, startTicks: 1, at: '' },
      RULE,
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
    const intent = { incident: incident.id, action: 'kill', cooldownKey: 'process:storm', pid: 7, startTicks: 1, at: '' } as const
    expect(requestIntent(database, intent, RULE, clock.boot()).granted).toBe(true)
    expect(requestIntent(database, intent, RULE, clock.boot())).toEqual({ granted: false, why: 'busy' })
    database.close()
  })
})
