/** Owns the names of the audit table's operations, each of which has a file of its own. */
export { appendAuditEntry, type NewAuditEntry } from './audit/append-audit-entry.ts'
export { auditEntriesAfter } from './audit/audit-entries-after.ts'
export { auditEntriesOf } from './audit/audit-entries-of.ts'
export { lastAuditEntry } from './audit/last-audit-entry.ts'
