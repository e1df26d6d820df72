/** Owns the names of the operations on the index of quarantines, each of which has a file of its own. */
export { expiredQuarantines } from './quarantines/expired-quarantines.ts'
export { getQuarantine } from './quarantines/get-quarantine.ts'
export { insertQuarantine } from './quarantines/insert-quarantine.ts'
export type { QuarantineRow } from './quarantines/quarantine-row.ts'
export { quarantinesOf } from './quarantines/quarantines-of.ts'
export { updateQuarantine } from './quarantines/update-quarantine.ts'
