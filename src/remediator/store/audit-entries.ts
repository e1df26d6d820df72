/** Owns the names by which stages and actions call the audit table's operations, each of which has a file of its own. */
export { appendAuditEntry } from './audit/append-audit-entry.ts'
export { auditEntriesOf } from './audit/audit-entries-of.ts'
