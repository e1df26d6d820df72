/** Owns the names by which stages and actions call the outbox table's operations, each of which has a file of its own. */
export { enqueueMail, type NewMail } from './outbox/enqueue-mail.ts'
export { mailsSentSince } from './outbox/mails-sent-since.ts'
export { markMailSent } from './outbox/mark-mail-sent.ts'
export { nextMail, type OutboxMail } from './outbox/next-mail.ts'
export { postponeMail } from './outbox/postpone-mail.ts'
