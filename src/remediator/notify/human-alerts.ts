/**
 * Owns calling a person until one has acknowledged: a file in the state folder, mails to the escalation list, a notice on the
 * desktop, again and again. What is open is in the store, so that a restart forgets nothing; whoever hands an incident on need not
 * know of any of this.
 */
import type { Clock } from '../../lib/clock.ts'
import { messageOf } from '../../lib/errors.ts'
import type { Logger } from '../../lib/log.ts'
import type { Journal } from '../audit/journal.ts'
import type { Database } from '../store/database.ts'
import { dueHumanAlerts, markTold, nameAlertFile, type HumanAlert } from '../store/escalations.ts'
import { getIncident } from '../store/incidents.ts'
import { lastAlertMail } from '../store/outbox/last-alert-mail.ts'
import { alertFileName, settleAlertFiles, writeAlertFile } from './alert-file.ts'
import { enqueueLetter, rendered } from './enqueue-letter.ts'
import type { Notice } from './herald.ts'
import { humanAlertLetter, type Call } from './human-alert-letter.ts'
import type { MailOrigin } from './incident-letter.ts'
import { letterText } from './letter-text.ts'
import type { MailSettings } from './mail-settings.ts'
import { distinct } from './routing.ts'

export interface HumanAlertOptions {
  readonly mail: MailSettings | undefined
  readonly repeatMs: number
  readonly origin: MailOrigin
  readonly stateDir: string
  readonly database: Database
  readonly journal: Journal
  readonly clock: Clock
  readonly log: Logger
  readonly onNotice: (notice: Notice) => void
}

/** As many calls within ten minutes go out one by one; more are put together, one mail a minute: a thousand would be read by nobody. */
const SINGLE_MAX = 10
const CROWD_MS = 600_000
const TOGETHER_EVERY_MS = 60_000

/** Call it every now and then; what need not be done yet costs one look into an index. */
export function createHumanAlerts(options: HumanAlertOptions): () => void {
  let hasFailed = false
  return () => {
    const { stateDir, database, clock, log } = options
    const nowMs = clock.nowMs()
    // One that is due takes along what would be due within the next minutes.
    const due = dueHumanAlerts(database, nowMs + options.repeatMs / 4)
    try {
      for (const alert of due) if (alert.file === null) writeFile(alert, options)
      settleAlertFiles(stateDir, database)
      hasFailed = false
    } catch (error) {
      if (!hasFailed) log.error('The file that calls a person could not be written; it is tried again', { error: messageOf(error) })
      hasFailed = true
    }
    tell(due, nowMs, options)
  }
}

function writeFile(alert: HumanAlert, options: HumanAlertOptions): void {
  const [first] = callsOf([alert], options)
  if (!first) return
  const name = alertFileName(alert)
  const letter = humanAlertLetter([first], options.origin)
  writeAlertFile(options.stateDir, name, `${letter.subject}\n\n${letterText(letter)}`)
  nameAlertFile(options.database, alert.id, name)
}

/** What is new goes out by itself while that is seldom; what is told again goes out together. */
function tell(due: readonly HumanAlert[], nowMs: number, options: HumanAlertOptions): void {
  const again = due.filter(({ told }) => told > 0)
  if (again.some(({ nextAtMs }) => nextAtMs !== null && nextAtMs <= nowMs)) call(again, nowMs, options)
  const fresh = due.filter(({ told }) => told === 0)
  if (fresh.length === 0) return
  const { count, lastAtMs } = lastAlertMail(options.database, { sinceMs: nowMs - CROWD_MS, nowMs })
  if (count + fresh.length <= SINGLE_MAX) for (const one of fresh) call([one], nowMs, options)
  else if (lastAtMs === null || nowMs - lastAtMs >= TOGETHER_EVERY_MS || options.mail === undefined) call(fresh, nowMs, options)
}

function callsOf(alerts: readonly HumanAlert[], { database }: HumanAlertOptions): Call[] {
  return alerts.flatMap((alert): Call[] => {
    const incident = getIncident(database, alert.incident)
    return incident ? [{ alert: { ...alert, file: alert.file ?? alertFileName(alert) }, incident }] : []
  })
}

function call(alerts: readonly HumanAlert[], nowMs: number, options: HumanAlertOptions): void {
  const calls = callsOf(alerts, options)
  const { mail, origin, database, journal, log, repeatMs, onNotice } = options
  const [first] = calls
  if (!first) return
  const letter = humanAlertLetter(calls, origin)
  database.transaction(() => {
    for (const { alert, incident } of calls) {
      markTold(database, alert.id, nowMs + repeatMs)
      const text = alert.told === 0 ? 'A person was called.' : `A person was called again (${alert.told + 1} times by now).`
      journal.record('human_alert', incident.id, text, { told: alert.told + 1, file: alert.file })
    }
    if (!mail || mail.events['human_alert'] === false) return
    const same = rendered(letter)
    for (const recipient of distinct(mail.escalationTo))
      enqueueLetter(database, same, {
        recipient,
        incident: calls.length === 1 ? first.incident.id : null,
        kind: 'alert',
        dedupe: `call:${calls.map(({ alert }) => `${alert.id}.${alert.told}`).join(',')}`,
        line: letter.headline,
        hostname: origin.hostname,
        nowMs,
      })
  })
  journal.flush()
  log.error(`${letter.headline}. procwarden acknowledge ${calls.length === 1 ? first.incident.id : 'ID'} ends this call`)
  onNotice({ events: ['human_alert'], severity: 'critical', headline: letter.headline, text: letter.sentences[0] ?? '' })
}
