/** Owns changing a quarantine in the index. */
import { assert } from '../../../lib/errors.ts'
import type { Database } from '../database.ts'
import { getQuarantine } from './get-quarantine.ts'
import type { QuarantineRow } from './quarantine-row.ts'

export type QuarantinePatch = Partial<Pick<QuarantineRow, 'files' | 'bytes' | 'restored' | 'status'>>

export function updateQuarantine(database: Database, id: string, patch: QuarantinePatch): void {
  const before = getQuarantine(database, id)
  assert(before, `quarantine ${id} is in the store`)
  const { files, bytes, restored, status } = { ...before, ...patch }
  database.run('UPDATE quarantines SET files = $files, bytes = $bytes, restored = $restored, status = $status WHERE id = $id', {
    id,
    files,
    bytes,
    restored,
    status,
  })
}
