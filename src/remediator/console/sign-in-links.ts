/** Owns links that sign one person in, once, soon: who holds a token gives them out, and nobody needs to type it into a browser. */
import { randomBytes } from 'node:crypto'
import { digestOf, type Person } from './sessions.ts'

const LIFE_MS = 120_000
const LINKS_MAX = 100

interface Link {
  readonly person: Person
  readonly untilMs: number
}

export class SignInLinks {
  readonly #links = new Map<string, Link>()
  readonly #nowMs: () => number

  /** `nowMs`: a monotonic clock. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** The oldest gives way when there are too many. */
  issue(person: Person): { readonly code: string; readonly lifeMs: number } {
    const now = this.#nowMs()
    for (const [key, { untilMs }] of this.#links) if (untilMs <= now) this.#links.delete(key)
    const [oldest] = this.#links.keys()
    if (this.#links.size >= LINKS_MAX && oldest !== undefined) this.#links.delete(oldest)
    const code = randomBytes(32).toString('base64url')
    this.#links.set(digestOf(code), { person, untilMs: now + LIFE_MS })
    return { code, lifeMs: LIFE_MS }
  }

  /** Whether a code is good still; that does not use it. */
  isGood(code: string): boolean {
    const link = this.#links.get(digestOf(code))
    return link !== undefined && this.#nowMs() < link.untilMs
  }

  /** Whom it signs in; undefined when it is used, too old or made up. */
  use(code: string): Person | undefined {
    const key = digestOf(code)
    const link = this.#links.get(key)
    this.#links.delete(key)
    return link !== undefined && this.#nowMs() < link.untilMs ? link.person : undefined
  }
}
