/** Owns the names of the operations on recoveries, each of which has a file of its own. */
export { forgetRecovery } from './recoveries/forget-recovery.ts'
export { noteRecovery } from './recoveries/note-recovery.ts'
export { takeRecoveries } from './recoveries/take-recoveries.ts'
