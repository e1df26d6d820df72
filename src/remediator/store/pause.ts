/** Owns the names by which stages and actions call the operations on the kill switch, each of which has a file of its own. */
export { pausedBy } from './pause/paused-by.ts'
