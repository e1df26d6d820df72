/** Owns the names by which stages and actions call the operations on the index of quarantines, each of which has a file of its own. */
export { deleteQuarantine } from './quarantines/delete-quarantine.ts'
export { expiredQuarantines } from './quarantines/expired-quarantines.ts'
export { insertQuarantine } from './quarantines/insert-quarantine.ts'
export { quarantinesOf } from './quarantines/quarantines-of.ts'
export { updateQuarantine } from './quarantines/update-quarantine.ts'
