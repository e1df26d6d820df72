/** Owns the thread in which the audit trail is verified: reading all of it takes a while, in which alerts must be acknowledged. */
import { parentPort, workerData, type MessagePort } from 'node:worker_threads'
import { assert } from '../../lib/errors.ts'
import { mirrorPath } from '../audit/mirror.ts'
import { settledVerdict, verifyAudit } from '../audit/verify.ts'
import { Database, databasePath } from '../store/database.ts'
import type { VerificationJob } from './audit-verification.ts'

// Handed over by audit-verification.ts in this same process, so it needs no parsing.
const { stateDir, mirroredMin }: VerificationJob = workerData
assert(parentPort !== null, 'this file runs as a worker')
// What it throws ends the thread as its error.
void verify(parentPort)

/** No top-level await: within the single file this runs as a CommonJS script. */
async function verify(port: MessagePort): Promise<void> {
  const database = Database.openForReading(databasePath(stateDir))
  try {
    port.postMessage(await settledVerdict(() => verifyAudit(database, mirrorPath(stateDir), { mirroredMin })))
  } finally {
    database.close()
  }
}
