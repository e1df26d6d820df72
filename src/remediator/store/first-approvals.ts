/** Owns the names by which stages call the operations on remembered answers, each of which has a file of its own. */
export { rememberApproval } from './first-approvals/remember-approval.ts'
export { rememberedApproval } from './first-approvals/remembered-approval.ts'
export { forgetApproval } from './first-approvals/forget-approval.ts'
