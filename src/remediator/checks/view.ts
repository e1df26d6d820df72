/** Owns how checks look from outside: the JSON of /api/checks and of `procwarden checks list --json`. */
import type { z } from 'zod'
import type { CheckList } from '../api/schemas.ts'
import type { CheckState } from './keeper.ts'

export function viewChecks(states: readonly CheckState[]): z.infer<typeof CheckList> {
  return states.map(({ definition, everySeconds, last, healthy }) => ({
    name: definition.name,
    kind: definition.kind,
    program: definition.program ?? null,
    everySeconds,
    last: last ?? null,
    healthy: healthy ?? null,
  }))
}
