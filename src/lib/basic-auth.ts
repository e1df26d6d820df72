/** Owns checking HTTP basic authentication (RFC 7617) against bcrypt hashes. Never logs what it was given. */
import { createHmac, randomBytes } from 'node:crypto'
import { compare } from 'bcryptjs'

/** `busy` means that too many passwords wait to be compared already. */
export type BasicAuthAnswer = 'allowed' | 'denied' | 'busy'

export interface BasicAuth {
  /** Judges an Authorization header against hashes by user name. */
  check(authorization: string | undefined, users: ReadonlyMap<string, string>): Promise<BasicAuthAnswer>
}

/** Compares a password with a hash; bcryptjs' by default. */
export type Compare = (password: string, hash: string) => Promise<boolean>

/** Credentials known to be right, so that a scrape every few seconds does not cost a bcrypt each. */
const VERIFIED_MAX = 100
/** Comparisons that may wait; one runs at a time, so that guessing cannot take more than one core's share. */
const WAITING_MAX = 20
/** A salt and a digest of nobody's password. */
const NOBODY = 'QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi'

export function createBasicAuth(compareHash: Compare = compare): BasicAuth {
  // Keyed, so that the memory of this process holds no quick hash of a password that could be tried elsewhere.
  const key = randomBytes(32)
  const verified = new Set<string>()
  let waiting = 0
  let last: Promise<unknown> = Promise.resolve()

  const inTurn = (work: () => Promise<boolean>): Promise<boolean> => {
    waiting++
    const result = last.then(work).finally(() => {
      waiting--
    })
    last = result.catch(() => undefined)
    return result
  }
  return {
    check: async (authorization, users) => {
      const given = parseBasic(authorization)
      if (given === undefined) return 'denied'
      const hash = users.get(given.user)
      // With the hash in it, an entry is void as soon as the password is changed.
      const entry = createHmac('sha256', key)
        .update(JSON.stringify([given.user, given.password, hash]))
        .digest('base64')
      if (hash !== undefined && verified.has(entry)) return 'allowed'
      if (waiting >= WAITING_MAX) return 'busy'
      // A user that does not exist costs what one that exists costs: time must not tell them apart.
      const isRight = await inTurn(() => compareHash(given.password, hash ?? nobodysHash(users)))
      if (hash === undefined || !isRight) return 'denied'
      remember(verified, entry)
      return 'allowed'
    },
  }
}

/** The user that an Authorization header names; says nothing of whether the password is right. */
export function userOf(authorization: string | undefined): string {
  return parseBasic(authorization)?.user ?? ''
}

/** `Basic base64(user:password)` in UTF-8; undefined when it is anything else. */
function parseBasic(authorization: string | undefined): { readonly user: string; readonly password: string } | undefined {
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(authorization ?? '')?.[1]
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, 'base64').toString()
  const colon = text.indexOf(':')
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) }
}

/** At the highest cost in use. */
function nobodysHash(users: ReadonlyMap<string, string>): string {
  const costs = [...users.values()].map((hash) => hash.slice(4, 6)).toSorted()
  return `$2b$${costs.at(-1) ?? '10'}$${NOBODY}`
}

/** The oldest goes first. */
function remember(verified: Set<string>, entry: string): void {
  if (verified.size >= VERIFIED_MAX) for (const oldest of [...verified].slice(0, verified.size - VERIFIED_MAX + 1)) verified.delete(oldest)
  verified.add(entry)
}
