/** Owns putting one mail into the outbox that stands for many. */
import type { Database } from '../database.ts'
import { enqueueMail } from './enqueue-mail.ts'
import type { NewMail } from './outbox-row.ts'

/** The digest and what it stands for change in one transaction: each mail is sent itself or is in one digest, never neither. */
export function enqueueDigest(database: Database, digest: NewMail, members: readonly number[]): void {
  database.transaction(() => {
    const id = enqueueMail(database, { ...digest, kind: 'digest' })
    if (id === undefined) return
    for (const member of members) database.run('UPDATE outbox SET digest = $id WHERE id = $member', { id, member })
  })
}
