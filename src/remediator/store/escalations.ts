/** Owns the names by which stages and actions call the operations on escalations, each of which has a file of its own. */
export { closeHumanAlerts } from './escalations/close-human-alerts.ts'
export { insertEscalation } from './escalations/insert-escalation.ts'
export { dueHumanAlerts } from './escalations/list-human-alerts.ts'
export { markSettled } from './escalations/mark-settled.ts'
export { markTold } from './escalations/mark-told.ts'
export { nameAlertFile } from './escalations/name-alert-file.ts'
export { unsettledAlerts } from './escalations/unsettled-alerts.ts'
export type { HumanAlert } from './escalations/escalation-row.ts'
