/** Owns the names by which stages and actions call the operations on escalations, each of which has a file of its own. */
export { insertEscalation } from './escalations/insert-escalation.ts'
export { closeHumanAlerts } from './escalations/close-human-alerts.ts'
