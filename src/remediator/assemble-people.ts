/** Owns making what has to do with people: who is told what, by mail and on the desktop, and the links by which they answer. */
import os from 'node:os'
import path from 'node:path'
import { readToken } from '../lib/token.ts'
import type { RemediatorSettings } from './config.ts'
import type { Foundation } from './foundation.ts'
import { createLinks, LINK_SECRET_FILE } from './links/create-links.ts'
import { createDesktop } from './notify/desktop.ts'
import { createHerald, type Herald, type Notice } from './notify/herald.ts'
import { createHumanAlerts } from './notify/human-alerts.ts'
import type { MailOrigin } from './notify/incident-letter.ts'
import { Mailer } from './notify/mailer.ts'

export interface People {
  readonly herald: Herald
  readonly mailer: Mailer | undefined
  /** Calls people for what nobody has acknowledged; call it every now and then. */
  readonly callPeople: () => void
  /** What links in mails are signed with; undefined where there are none. */
  readonly linkSecret: string | undefined
}

/** Throws UsageError when the links' secret can neither be read nor made. */
export function assemblePeople({ config, mail, commandEnvironment }: RemediatorSettings, foundation: Foundation): People {
  const { options, log, clock, database, journal, metrics } = foundation
  const { link_base_url: linkBaseUrl } = config.approval
  const host = options.address.host.includes(':') ? `[${options.address.host}]` : options.address.host
  const origin: MailOrigin = { hostname: os.hostname(), consoleUrl: linkBaseUrl ?? `http://${host}:${options.address.port}/` }
  const linkSecret = linkBaseUrl === undefined ? undefined : readToken(path.join(options.stateDir, LINK_SECRET_FILE), { create: true })
  const linksFor = linkBaseUrl === undefined || linkSecret === undefined ? undefined : createLinks(linkBaseUrl, linkSecret)
  const desktop = createDesktop({ config: config.desktop, environment: commandEnvironment, log })
  const shared = { mail, origin, database, clock, onNotice: (notice: Notice) => desktop.notice(notice) }
  return {
    herald: createHerald({ ...shared, linksFor }),
    mailer: mail && new Mailer({ settings: mail, origin, database, clock, log, onOutcome: (outcome) => metrics.mailDone(outcome) }),
    callPeople: createHumanAlerts({
      ...shared,
      repeatMs: config.mail.escalation_repeat_seconds * 1000,
      stateDir: options.stateDir,
      journal,
      log,
    }),
    linkSecret,
  }
}
