/** Owns the words of the one mail that stands for all that were held back. */
import type { OutboxMail } from '../store/outbox.ts'
import type { MailOrigin } from './incident-letter.ts'
import { subjectLine, type Letter } from './letter.ts'

export function digestLetter(mails: readonly OutboxMail[], { hostname, consoleUrl }: MailOrigin): Letter {
  const incidents = new Set(mails.map(({ incident, id }) => incident ?? `mail ${id}`)).size
  const what = incidents === 1 ? '1 incident' : `${incidents} incidents`
  return {
    subject: subjectLine(`[procwarden ${hostname}] ${what}, told together`),
    headline: `${what}, told together`,
    tone: 'calm',
    sentences: [
      `More happened than you want mails about in one hour. Here is what was held back, ${mails.length} ${mails.length === 1 ? 'message' : 'messages'} about ${what}.`,
    ],
    facts: [['Host', hostname]],
    choices: [],
    lines: mails.map(({ line, subject }) => (line === '' ? subject : line)),
    footer: [
      { label: 'What waits for your answer', command: 'procwarden approvals' },
      { label: 'The whole story of one', command: 'procwarden show ID' },
      { label: 'All incidents', url: consoleUrl },
    ],
  }
}
