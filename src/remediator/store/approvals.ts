/** Owns the names by which stages and the answering call the operations on questions, each of which has a file of its own. */
export { answerApproval } from './approvals/answer-approval.ts'
export { extendApprovals } from './approvals/extend-approvals.ts'
export { latestApprovalOf } from './approvals/latest-approval-of.ts'
export { listOpenApprovals } from './approvals/list-open-approvals.ts'
export { openApproval } from './approvals/open-approval.ts'
export { openApprovalOf } from './approvals/open-approval-of.ts'
export { voidApprovalOf } from './approvals/void-approval-of.ts'
export type { Approval, How } from './approvals/approval-row.ts'
