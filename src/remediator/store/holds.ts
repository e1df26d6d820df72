/** Owns the names of the operations on holds, each of which has a file of its own. */
export { addHold } from './holds/add-hold.ts'
export type { Hold } from './holds/hold-row.ts'
export { holdsOf } from './holds/holds-of.ts'
export { orphanedHolds } from './holds/orphaned-holds.ts'
export { removeHold } from './holds/remove-hold.ts'
export { isFrozenForAnswer } from './holds/is-frozen-for-answer.ts'
export { keepHolds } from './holds/keep-holds.ts'
export { otherHoldOn } from './holds/other-hold-on.ts'
