/** Owns the words by which a person is called: nothing helped, and somebody has to look. */
import { aboutOf } from '../people-view.ts'
import type { Incident } from '../model.ts'
import type { HumanAlert } from '../store/escalations/escalation-row.ts'
import { descriptionOf, factsOf, footerOf, type MailOrigin } from './incident-letter.ts'
import { subjectLine, type Letter } from './letter.ts'

export interface Call {
  readonly alert: HumanAlert
  readonly incident: Incident
}

/** One call, with all that is known; several, with a line for each. */
export function humanAlertLetter(calls: readonly Call[], origin: MailOrigin): Letter {
  const [first] = calls
  return first !== undefined && calls.length === 1 ? oneCall(first, origin) : manyCalls(calls, origin)
}

function oneCall({ alert, incident }: Call, origin: MailOrigin): Letter {
  const again = alert.told > 0 ? ` (told ${alert.told + 1} times)` : ''
  const headline = `A PERSON HAS TO LOOK: ${aboutOf(incident)}${again}`
  return {
    subject: subjectLine(`[procwarden ${origin.hostname}] ${headline} - ${incident.alertname}`),
    headline,
    tone: 'bad',
    sentences: [
      `procwarden could not help and needs a person. ${alert.text}`,
      descriptionOf(incident),
      'This is repeated until somebody acknowledges it.',
    ],
    facts: factsOf(incident, origin, alert.reason),
    choices: [{ label: 'To say that you have seen it', command: `procwarden acknowledge ${incident.id}` }],
    footer: footerOf(incident, origin),
  }
}

function manyCalls(calls: readonly Call[], { hostname, consoleUrl }: MailOrigin): Letter {
  const headline = `A PERSON HAS TO LOOK: ${calls.length} incidents`
  return {
    subject: subjectLine(`[procwarden ${hostname}] ${headline}`),
    headline,
    tone: 'bad',
    sentences: [
      `procwarden could not help with ${calls.length} incidents and needs a person. This is repeated until somebody acknowledges each of them.`,
    ],
    facts: [['Host', hostname]],
    choices: [{ label: 'To say that you have seen one', command: 'procwarden acknowledge ID' }],
    lines: calls.map(
      ({ alert, incident }) =>
        `${alert.at.slice(0, 16).replace('T', ' ')} ${aboutOf(incident)} - ${incident.alertname}. Incident ${incident.id}`,
    ),
    footer: [{ label: 'All incidents', url: consoleUrl }],
  }
}
