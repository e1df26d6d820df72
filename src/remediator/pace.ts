/**
 * Owns how much of the time work may take while deliveries pour in: each commit of the work keeps them waiting, and an alert that
 * is not acknowledged in time is sent again, and makes it worse. Without a crowd nothing waits.
 */

export interface Pace {
  /** A delivery has come. */
  arrived(): void
  /** Whether the work may look for more now. */
  mayTakeTurn(): boolean
}

/** More than this within a second is a crowd. */
const CROWD_PER_SECOND = 25
/** Between two turns of the work while there is a crowd. A turn takes some 20 ms of commits. */
const TURN_EVERY_MS = 200

/** `monotonicMs` is a clock that is never set. */
export function createPace(monotonicMs: () => number): Pace {
  const arrivals: number[] = []
  let lastTurnMs = -Infinity
  return {
    arrived: () => {
      arrivals.push(monotonicMs())
      if (arrivals.length > CROWD_PER_SECOND) arrivals.shift()
    },
    mayTakeTurn: () => {
      const now = monotonicMs()
      const [oldest = -Infinity] = arrivals
      const isCrowded = arrivals.length === CROWD_PER_SECOND && now - oldest < 1_000
      if (isCrowded && now - lastTurnMs < TURN_EVERY_MS) return false
      lastTurnMs = now
      return true
    },
  }
}
