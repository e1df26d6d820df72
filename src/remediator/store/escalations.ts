/** Owns the names of the operations on escalations, each of which has a file of its own. */
export type { Escalation } from './escalations/escalation-row.ts'
export { escalationsOf } from './escalations/escalations-of.ts'
export { insertEscalation } from './escalations/insert-escalation.ts'
export { openEscalations } from './escalations/open-escalations.ts'
