/**
 * Owns who is told what, when: at the end of a run, when an incident is over, and when a person has to look. Writes mails into the
 * outbox, in the transaction of what they tell of, and hands notices to the desktop. Sends nothing itself and waits for nobody.
 */
import type { Clock } from '../../lib/clock.ts'
import type { Incident } from '../model.ts'
import type { Ending } from '../stage.ts'
import { diagnosisText } from '../diagnosis/diagnosis-text.ts'
import { latestApprovalOf, openApprovalOf, type Approval } from '../store/approvals.ts'
import type { Database } from '../store/database.ts'
import { diagnosisOf } from '../store/diagnoses.ts'
import { getIncident } from '../store/incidents.ts'
import { addToLine, mailsAbout } from '../store/outbox.ts'
import { takeRecoveries } from '../store/recoveries.ts'
import { enqueueLetter, rendered, type RenderedLetter } from './enqueue-letter.ts'
import { eventsOf, type EventName } from './events.ts'
import { incidentLetter, incidentLine, type MailOrigin, type Question } from './incident-letter.ts'
import type { MailSettings } from './mail-settings.ts'
import { recoveredLetter } from './recovered-letter.ts'
import { recipientsOf } from './routing.ts'

/** Links by which a question can be answered from a mail. */
export type LinksFor = (approval: Approval, recipient: string) => Question['links']

export interface HeraldOptions {
  readonly mail: MailSettings | undefined
  readonly origin: MailOrigin
  /** Undefined where mails carry no links. */
  readonly linksFor: LinksFor | undefined
  /** Told of what is worth a notice on a desktop. */
  readonly onNotice: (notice: Notice) => void
  readonly database: Database
  readonly clock: Clock
}

export interface Notice {
  readonly events: readonly EventName[]
  readonly severity: string
  readonly headline: string
  readonly text: string
}

export interface Herald {
  /** Call it in the transaction that ends a run. */
  onEnding(incident: Incident, ending: Ending): void
  /** Tells of what is over by now; call it every now and then. */
  tellRecoveries(): void
}

const RECOVERIES_MAX = 100

export function createHerald(options: HeraldOptions): Herald {
  return {
    onEnding: (incident, ending) => tellEnding(incident, ending, options),
    tellRecoveries: () => {
      const { database } = options
      database.transaction(() => {
        for (const { incident, at } of takeRecoveries(database, RECOVERIES_MAX)) tellRecovery(incident, at, options)
      })
    },
  }
}

function tellEnding(incident: Incident, ending: Ending, options: HeraldOptions): void {
  const { mail, origin, linksFor, onNotice, database, clock } = options
  const events = eventsOf(incident, ending)
  if (events.length === 0) return
  const approval = ending.status === 'awaiting_approval' ? openApprovalOf(database, incident.id) : undefined
  const diagnosis = diagnosisText(diagnosisOf(database, incident.id))
  const letter = incidentLetter(incident, ending, origin, approval && { approval, links: undefined }, diagnosis)
  onNotice({ events, severity: incident.severity, headline: letter.headline, text: ending.text })
  if (!mail) return
  const nowMs = clock.nowMs()
  const recipients = recipientsOf(incident, events, mail)
  if (recipients.length === 0) return
  const same = rendered(letter)
  // Links are for one person each: who has answered goes into the record.
  const letterFor = (recipient: string): RenderedLetter =>
    approval && linksFor
      ? rendered(incidentLetter(incident, ending, origin, { approval, links: linksFor(approval, recipient) }, diagnosis))
      : same
  for (const recipient of recipients)
    enqueueLetter(database, letterFor(recipient), {
      recipient,
      incident: incident.id,
      kind: 'incident',
      // A second question of the same attempt is another one: what was asked before is void.
      dedupe: `${incident.id}:${ending.event}:${incident.attempts}${approval ? `:${approval.id}` : ''}`,
      line: incidentLine(incident, ending, nowMs),
      hostname: origin.hostname,
      nowMs,
    })
}

/** Whoever was written to about it is told once that it is over; where that mail has not gone yet, it says so as well. */
function tellRecovery(id: string, at: string, { mail, origin, onNotice, database, clock }: HeraldOptions): void {
  const incident = getIncident(database, id)
  if (!incident || !mail || mail.events['recovered'] === false || endedByFreezing(incident, at, database)) return
  const letter = recoveredLetter(incident, at, origin)
  const same = rendered(letter)
  const told = mailsAbout(database, id)
  if (told.length === 0) return
  onNotice({ events: ['recovered'], severity: incident.severity, headline: letter.headline, text: letter.sentences[0] ?? '' })
  for (const recipient of new Set(told.map((each) => each.recipient))) {
    const waiting = told.findLast((each) => each.recipient === recipient && each.isWaiting)
    if (waiting) addToLine(database, waiting.id, `, over since ${at.slice(0, 16).replace('T', ' ')}`)
    enqueueLetter(database, same, {
      recipient,
      incident: id,
      kind: 'incident',
      dedupe: `${id}:recovered`,
      line: `${at.slice(0, 16).replace('T', ' ')} ${letter.headline} - ${incident.alertname}. Incident ${id}`,
      hostname: origin.hostname,
      nowMs: clock.nowMs(),
    })
  }
}

/** The alert ended because its process was frozen while a person was asked, and it goes on: that is no recovery. */
function endedByFreezing({ id, reason }: Incident, at: string, database: Database): boolean {
  if (reason !== 'approval_denied' && reason !== 'approval_expired') return false
  const latest = latestApprovalOf(database, id)
  return latest !== undefined && latest.frozen > 0 && Date.parse(at) < (latest.answeredAtMs ?? 0)
}
