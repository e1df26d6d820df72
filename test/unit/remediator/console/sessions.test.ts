import { describe, expect, test } from 'vitest'
import { SignInLinks } from '../../../../src/remediator/console/sign-in-links.ts'
import { Sessions, type Person } from '../../../../src/remediator/console/sessions.ts'

const person: Person = {
  name: 'alice',
  scopes: new Set(['read', 'act'] as const),
  warrant: { kind: 'token', digest: 'd', name: 'the act token' },
}

function atTime() {
  let now = 0
  return { nowMs: () => now, pass: (ms: number) => (now += ms) }
}

describe('sessions', () => {
  test('an id is long, never the same, and worth nothing once ended', () => {
    const sessions = new Sessions(() => 0)
    const [one, two] = [sessions.begin(person), sessions.begin(person)]
    expect(one).toMatch(/^[\w-]{43}$/)
    expect(one).not.toBe(two)
    expect(sessions.find(one)?.csrf).not.toBe(sessions.find(two)?.csrf)
    sessions.end(one)
    expect(sessions.find(one)).toBeUndefined()
    expect(sessions.find(two)?.name).toBe('alice')
    expect(sessions.find('x'.repeat(43))).toBeUndefined()
  })

  test('it ends when nobody uses it, and at last in any case', () => {
    const time = atTime()
    const sessions = new Sessions(time.nowMs, { idleMs: 100, lifeMs: 1_000, sessionsMax: 10 })
    const idle = sessions.begin(person)
    time.pass(100)
    expect(sessions.find(idle)).toBeUndefined()
    const used = sessions.begin(person)
    for (let uses = 0; uses < 10; uses++) {
      expect(sessions.find(used)).toBeDefined()
      time.pass(99)
    }
    expect(sessions.find(used)).toBeDefined()
    time.pass(10)
    expect(sessions.find(used)).toBeUndefined()
  })

  test('what a page asks for by itself keeps no session alive', () => {
    const time = atTime()
    const sessions = new Sessions(time.nowMs, { idleMs: 100, lifeMs: 1_000, sessionsMax: 10 })
    const id = sessions.begin(person)
    time.pass(60)
    expect(sessions.find(id, false)).toBeDefined()
    time.pass(60)
    expect(sessions.find(id, false)).toBeUndefined()
  })

  test('there are never more than so many; the least used one gives way', () => {
    const sessions = new Sessions(() => 0, { idleMs: 100, lifeMs: 1_000, sessionsMax: 3 })
    const [first, second] = [sessions.begin(person), sessions.begin(person)]
    for (let others = 0; others < 50; others++) {
      expect(sessions.find(first)).toBeDefined()
      sessions.begin(person)
    }
    expect(sessions.size).toBe(3)
    expect(sessions.find(first)).toBeDefined()
    expect(sessions.find(second)).toBeUndefined()
  })
})

describe('sign-in links', () => {
  test('work once, and only for a while; looking does not use them', () => {
    const time = atTime()
    const links = new SignInLinks(time.nowMs)
    const { code, lifeMs } = links.issue(person)
    expect([links.isGood(code), links.isGood(code)]).toEqual([true, true])
    expect(links.use(code)?.name).toBe('alice')
    expect([links.isGood(code), links.use(code)]).toEqual([false, undefined])
    const late = links.issue(person)
    time.pass(lifeMs)
    expect([links.isGood(late.code), links.use(late.code)]).toEqual([false, undefined])
    expect(links.use('made-up')).toBeUndefined()
  })

  test('are bounded in number', () => {
    const links = new SignInLinks(() => 0)
    const { code } = links.issue(person)
    for (let others = 0; others < 100; others++) links.issue(person)
    expect(links.isGood(code)).toBe(false)
  })
})
