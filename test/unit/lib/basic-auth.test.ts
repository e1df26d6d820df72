import { hashSync } from 'bcryptjs'
import { describe, expect, test } from 'vitest'
import { createBasicAuth, type Compare } from '../../../src/lib/basic-auth.ts'

const ALICE = hashSync('wonderland', 4)
const BOB = hashSync('builder', 5)
const USERS = new Map([
  ['alice', ALICE],
  ['bob', BOB],
])

const basic = (user: string, password: string): string => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

function counting(answer: boolean | Promise<boolean>): { compare: Compare; hashes: string[] } {
  const hashes: string[] = []
  return {
    hashes,
    compare: async (_password, hash) => {
      hashes.push(hash)
      return answer
    },
  }
}

describe('basic authentication', () => {
  test('lets the right password in and nothing else', async () => {
    const auth = createBasicAuth()
    expect(await auth.check(basic('alice', 'wonderland'), USERS)).toBe('allowed')
    expect(await auth.check(basic('bob', 'builder'), USERS)).toBe('allowed')
    for (const given of [
      undefined,
      '',
      'Basic',
      'Basic !!',
      `Basic ${Buffer.from('alice').toString('base64')}`,
      `Bearer ${Buffer.from('alice:wonderland').toString('base64')}`,
      basic('alice', 'wonderlanD'),
      basic('alice', ''),
      basic('alice', 'builder'),
      basic('nobody', 'wonderland'),
      basic('__proto__', 'x'),
    ])
      expect([given, await auth.check(given, USERS)]).toEqual([given, 'denied'])
  })

  test('a password may hold colons and letters of any script', async () => {
    const users = new Map([['jürgen', hashSync('a:b:ß', 4)]])
    expect(await createBasicAuth().check(basic('jürgen', 'a:b:ß'), users)).toBe('allowed')
  })

  test('an unknown user costs a comparison at the highest cost in use, as a known one does', async () => {
    const { compare, hashes } = counting(true)
    const auth = createBasicAuth(compare)
    expect(await auth.check(basic('nobody', 'x'), USERS)).toBe('denied')
    expect(hashes).toHaveLength(1)
    expect(hashes[0]).toMatch(/^\$2b\$05\$.{53}$/)
  })

  test('what was right once is not compared again, what was wrong is', async () => {
    const right = counting(true)
    const auth = createBasicAuth(right.compare)
    for (let n = 0; n < 3; n++) expect(await auth.check(basic('alice', 'x'), USERS)).toBe('allowed')
    expect(right.hashes).toHaveLength(1)
    const wrong = counting(false)
    const strict = createBasicAuth(wrong.compare)
    for (let n = 0; n < 3; n++) expect(await strict.check(basic('alice', 'x'), USERS)).toBe('denied')
    expect(wrong.hashes).toHaveLength(3)
  })

  test('a changed or removed password is void at once, remembered or not', async () => {
    const auth = createBasicAuth()
    expect(await auth.check(basic('alice', 'wonderland'), USERS)).toBe('allowed')
    expect(await auth.check(basic('alice', 'wonderland'), new Map([['alice', BOB]]))).toBe('denied')
    expect(await auth.check(basic('alice', 'wonderland'), new Map())).toBe('denied')
  })

  test('remembers a bounded number, the newest', async () => {
    const { compare, hashes } = counting(true)
    const auth = createBasicAuth(compare)
    for (let n = 0; n < 101; n++) await auth.check(basic('alice', `password ${n}`), USERS)
    await auth.check(basic('alice', 'password 100'), USERS)
    expect(hashes).toHaveLength(101)
    await auth.check(basic('alice', 'password 0'), USERS)
    expect(hashes).toHaveLength(102)
  })

  test('compares one at a time and lets a bounded number wait', async () => {
    const gate = Promise.withResolvers<boolean>()
    const { compare, hashes } = counting(gate.promise)
    const auth = createBasicAuth(compare)
    const answers = Array.from({ length: 25 }, (_, n) => auth.check(basic('alice', String(n)), USERS))
    expect((await Promise.all(answers.slice(20))).every((answer) => answer === 'busy')).toBe(true)
    expect(hashes).toHaveLength(1)
    gate.resolve(false)
    expect((await Promise.all(answers.slice(0, 20))).every((answer) => answer === 'denied')).toBe(true)
    expect(hashes).toHaveLength(20)
  })
})
