/** Owns the last two readings of the machine, for whoever needs one no older than so, and for rates between them. Never reads itself. */
import type { HostSnapshot, HostSource } from './sources/host-source.ts'

export interface HostPair {
  readonly now: HostSnapshot
  /** An earlier reading, to tell rates by; absent until there are two. */
  readonly before: HostSnapshot | undefined
}

export interface HostSampler {
  /** The latest reading, taken anew when it is older than `ageMsMax`. */
  latest(ageMsMax: number): Promise<HostPair>
}

/** The kernel counts CPU time in steps of 10 ms: a rate over less than this is mostly rounding. */
const WINDOW_MS_MIN = 900

export function createHostSampler(source: HostSource, clock: { nowMs(): number }): HostSampler {
  let now: HostSnapshot | undefined
  let before: HostSnapshot | undefined
  return {
    latest: async (ageMsMax) => {
      if (now !== undefined && Math.abs(clock.nowMs() - now.takenMs) < ageMsMax) return { now, before }
      const next = await source.read()
      // One that follows on the heels of another takes its place, so that the window stays long enough to tell rates by.
      if (now !== undefined && next.takenMs - now.takenMs >= WINDOW_MS_MIN) before = now
      // The wall clock was set back: what came before cannot be compared.
      if (before !== undefined && before.takenMs >= next.takenMs) before = undefined
      now = next
      return { now, before }
    },
  }
}
