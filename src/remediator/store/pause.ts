/** Owns the names of the operations on the kill switch, each of which has a file of its own. */
export { clearPause } from './pause/clear-pause.ts'
export { pausedBy, type Pause } from './pause/paused-by.ts'
export { setPause } from './pause/set-pause.ts'
