/** Owns the names of the inbox table's operations: alerts are durable there before the webhook is acknowledged. */
export { acceptDelivery } from './inbox/accept-delivery.ts'
export { inboxLength } from './inbox/inbox-length.ts'
export { nextInboxEntries, type InboxEntry } from './inbox/next-inbox-entries.ts'
export { removeFromInbox } from './inbox/remove-from-inbox.ts'
