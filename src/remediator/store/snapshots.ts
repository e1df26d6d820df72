/** Owns the names by which stages and actions call the operations on the index of snapshots, each of which has a file of its own. */
export { deleteSnapshot } from './snapshots/delete-snapshot.ts'
export { expiredSnapshots } from './snapshots/expired-snapshots.ts'
export { insertSnapshot } from './snapshots/insert-snapshot.ts'
export { snapshotsOf } from './snapshots/snapshots-of.ts'
