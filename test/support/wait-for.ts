/** Owns waiting in tests: for a condition, with a deadline that names what did not happen. */
import { setTimeout as delay } from 'node:timers/promises'

const LOOK_EVERY_MS = 25

/** Asks until the answer is neither undefined nor false, and returns it. Throws with `what` after `timeoutMs`. */
export async function waitFor<Value>(
  what: string,
  ask: () => Value | undefined | false | Promise<Value | undefined | false>,
  timeoutMs = 30_000,
): Promise<Value> {
  const end = performance.now() + timeoutMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    if (performance.now() > end) throw new Error(`waited ${timeoutMs} ms in vain for: ${what}`)
    await delay(LOOK_EVERY_MS)
  }
}
