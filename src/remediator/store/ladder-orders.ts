/** Owns the names by which stages call the operations on learned orders, each of which has a file of its own. */
export { keepLadderOrder } from './ladder-orders/keep-ladder-order.ts'
export { ladderOrderOf, type LadderOrder } from './ladder-orders/ladder-order-of.ts'
