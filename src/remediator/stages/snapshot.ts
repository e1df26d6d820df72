/** Owns that a snapshot is taken before anything is done, and what becomes of an incident when it cannot be. */
import { assert, errnoOf, messageOf } from '../../lib/errors.ts'
import { next, refuse, type Stage } from '../stage.ts'
import { takeSnapshot, type SnapshotOptions } from '../snapshot/take-snapshot.ts'
import type { Database } from '../store/database.ts'
import { insertSnapshot, snapshotsOf } from '../store/snapshots.ts'

export function snapshot(options: SnapshotOptions & { readonly database: Database }): Stage {
  return {
    name: 'snapshot',
    deadlineMs: 60_000,
    run: async (subject) => {
      const { incident, policy, target } = subject
      assert(policy && target, 'a snapshot is of a target')
      const attempt = incident.attempts + 1
      try {
        const taken = await takeSnapshot(incident, target, policy, attempt, options)
        const { id, directory, at, bytes, missing } = taken
        if (!snapshotsOf(options.database, incident.id).some((row) => row.id === id))
          insertSnapshot(options.database, { id, incident: incident.id, attempt, at, directory, bytes })
        return next(subject, { event: 'snapshot.taken', text: `Took snapshot ${id} before doing anything.`, data: { id, bytes, missing } })
      } catch (error) {
        if (errnoOf(error) === undefined) throw error
        const text = `No snapshot could be taken: ${messageOf(error)}.`
        if (policy.snapshot.required) return refuse(subject, 'snapshot_failed', `${text} The policy wants one, so nothing was done.`)
        return next(subject, { event: 'snapshot.failed', text: `${text} The policy goes on without one.` })
      }
    },
  }
}
