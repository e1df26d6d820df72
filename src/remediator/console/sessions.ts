/** Owns who is signed in: random ids that stand for a person's name and rights, bounded in number and time. Nothing of it is on disk. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Scope } from '../api/scope.ts'

/** What a sign-in rests on: once that is taken away, so is the session. */
export type Warrant =
  | { readonly kind: 'token'; readonly digest: string; readonly name: string }
  /** What the web configuration let in, which must let in each request anew. */
  | { readonly kind: 'admission'; readonly name: string }

export interface Person {
  /** For the record. */
  readonly name: string
  readonly scopes: ReadonlySet<Scope>
  readonly warrant: Warrant
}

export interface Session extends Person {
  /** Shown by every form that acts: who cannot read a page cannot know it. */
  readonly csrf: string
  /** What the last form did, to be told on the next page. */
  notice: Notice | undefined
}

export interface Notice {
  readonly tone: 'good' | 'bad'
  readonly text: string
}

interface Kept {
  readonly session: Session
  readonly createdMs: number
  seenMs: number
}

export interface SessionLimits {
  readonly idleMs: number
  readonly lifeMs: number
  readonly sessionsMax: number
}

const LIMITS: SessionLimits = { idleMs: 8 * 3_600_000, lifeMs: 7 * 24 * 3_600_000, sessionsMax: 200 }

export class Sessions {
  /** By the digest of the id: looking one up takes the same time however much of a wrong id is right. In order of their last use. */
  readonly #kept = new Map<string, Kept>()
  readonly #nowMs: () => number
  readonly #limits: SessionLimits

  /** `nowMs`: a monotonic clock. */
  constructor(nowMs: () => number, limits: SessionLimits = LIMITS) {
    this.#nowMs = nowMs
    this.#limits = limits
  }

  /** Returns the id, which is known to nobody else. The one that was not used for longest gives way when there are too many. */
  begin(person: Person): string {
    this.#forgetExpired()
    const [oldest] = this.#kept.keys()
    if (this.#kept.size >= this.#limits.sessionsMax && oldest !== undefined) this.#kept.delete(oldest)
    const id = randomBytes(32).toString('base64url')
    const now = this.#nowMs()
    const session: Session = { ...person, csrf: randomBytes(32).toString('base64url'), notice: undefined }
    this.#kept.set(digestOf(id), { session, createdMs: now, seenMs: now })
    return id
  }

  /** `isByPerson`: false for what a page asks for by itself, which must not keep a session alive that nobody uses. */
  find(id: string, isByPerson = true): Session | undefined {
    const key = digestOf(id)
    const kept = this.#kept.get(key)
    if (!kept) return undefined
    if (this.#isOver(kept)) {
      this.#kept.delete(key)
      return undefined
    }
    if (!isByPerson) return kept.session
    kept.seenMs = this.#nowMs()
    this.#kept.delete(key)
    this.#kept.set(key, kept)
    return kept.session
  }

  end(id: string): void {
    this.#kept.delete(digestOf(id))
  }

  get size(): number {
    return this.#kept.size
  }

  #isOver({ createdMs, seenMs }: Kept): boolean {
    const now = this.#nowMs()
    return now - seenMs >= this.#limits.idleMs || now - createdMs >= this.#limits.lifeMs
  }

  #forgetExpired(): void {
    for (const [key, kept] of this.#kept) if (this.#isOver(kept)) this.#kept.delete(key)
  }
}

export function digestOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}

/** Takes the same time for every wrong one. */
export function isSameSecret(given: string, secret: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(secret))
}
