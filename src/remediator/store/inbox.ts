/** Owns the names by which stages and actions call the inbox table's operations: alerts are durable there before the webhook is acknowledged. */
export { acceptDelivery } from './inbox/accept-delivery.ts'
