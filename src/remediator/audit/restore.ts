/** Owns taking the audit trail back from its NDJSON mirror into a store that was lost: the trail goes on where it was. */
import type { Database } from '../store/database.ts'
import { importAuditEntry } from '../store/audit/import-audit-entry.ts'
import { lastAuditEntry } from '../store/audit/last-audit-entry.ts'
import { ChainChecker } from './chain.ts'
import { readMirror } from './mirror.ts'

/** Takes every good line, up to the first that is not; returns how many. All or nothing; nothing where the store has entries. */
export function restoreAudit(database: Database, mirrorFile: string): number {
  return database.transaction(() => {
    if (lastAuditEntry(database)) return 0
    const checker = new ChainChecker()
    for (const { entry } of readMirror(mirrorFile)) {
      if (!entry || checker.check(entry)) break
      importAuditEntry(database, entry)
    }
    return checker.length
  })
}
