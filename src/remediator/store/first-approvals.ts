/** Owns the names of the operations on first approvals, each of which has a file of its own. */
export { isRemembered } from './first-approvals/is-remembered.ts'
export { rememberApproval } from './first-approvals/remember-approval.ts'
