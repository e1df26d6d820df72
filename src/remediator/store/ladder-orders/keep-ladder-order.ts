/** Owns keeping the order in which an incident's policy walks its ladder. */
import type { Database } from '../database.ts'
import type { LadderOrder } from './ladder-order-of.ts'

/** Takes the place of an earlier one. */
export function keepLadderOrder(database: Database, incident: string, { policy, steps, reason }: LadderOrder): void {
  database.run('INSERT OR REPLACE INTO ladder_orders (incident, policy, steps, reason) VALUES ($incident, $policy, $steps, $reason)', {
    incident,
    policy,
    steps: JSON.stringify(steps),
    reason,
  })
}
