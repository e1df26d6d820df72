/** Owns the step that only tells: the mail goes out when the incident ends, so that it says how. */
import type { Action, ActionResult } from './action.ts'

export function createNotify(): Action {
  const result: ActionResult = { outcome: 'notified', reason: 'none', text: 'A person is told.' }
  return { run: async () => result, look: async () => ({ kind: 'done', result }) }
}
