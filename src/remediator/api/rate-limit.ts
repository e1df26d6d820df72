/** Owns how often one caller may ask: a bucket of requests for each address, refilled at a steady pace. */

export interface RateLimit {
  /** 0 when the request may go on, else the seconds after which to try again. */
  take(caller: string): number
}

export interface RateLimitOptions {
  readonly perSecond: number
  /** So many at once after a pause. */
  readonly burst: number
  /** Monotonic milliseconds. */
  readonly nowMs: () => number
}

/** More callers than this are not told apart: the oldest are forgotten, which only ever lets more through. */
const CALLERS_MAX = 10_000

interface Bucket {
  tokens: number
  atMs: number
}

export function createRateLimit({ perSecond, burst, nowMs }: RateLimitOptions): RateLimit {
  const buckets = new Map<string, Bucket>()
  return {
    take: (caller) => {
      const now = nowMs()
      const known = buckets.get(caller)
      const tokens = known ? Math.min(burst, known.tokens + ((now - known.atMs) / 1000) * perSecond) : burst
      // In the order of their last request, so that the first is the oldest.
      buckets.delete(caller)
      buckets.set(caller, { tokens: Math.max(0, tokens - 1), atMs: now })
      const [oldest] = buckets.keys()
      if (buckets.size > CALLERS_MAX && oldest !== undefined) buckets.delete(oldest)
      return tokens >= 1 ? 0 : Math.ceil((1 - tokens) / perSecond)
    },
  }
}
