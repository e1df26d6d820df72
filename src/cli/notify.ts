/** Owns `procwarden notify test`: one mail, or one notice on the desktop, sent now, and in plain words what went wrong. */
import os from 'node:os'
import { Command, InvalidArgumentError, Option } from 'commander'
import { UsageError } from '../lib/errors.ts'
import { createLogger } from '../lib/log.ts'
import { loadSettings, type RemediatorSettings } from '../remediator/config.ts'
import { createDesktop } from '../remediator/notify/desktop.ts'
import { rendered, messageIdOf } from '../remediator/notify/enqueue-letter.ts'
import { subjectLine, type Letter } from '../remediator/notify/letter.ts'
import { isMailAddress } from '../remediator/notify/mail-address.ts'
import { distinct } from '../remediator/notify/routing.ts'
import { smtpFailure } from '../remediator/notify/smtp-failure.ts'
import { createSmtpTransport } from '../remediator/notify/smtp-transport.ts'
import { stateDirOption } from './options.ts'

interface Flags {
  readonly 'config.file'?: string
  readonly 'state.dir': string
  readonly to?: string
  readonly desktop?: boolean
  readonly json?: boolean
}

interface Result {
  readonly to: string
  readonly ok: boolean
  /** What the server or the system said. */
  readonly error?: string
  readonly advice?: string
}

/** For one mail: a person waits. */
const SEND_TIMEOUT_MS = 45_000

export function notifyCommand(): Command {
  const test = new Command('test')
    .description('send a test mail, or show a notice on the desktop, now; exit code 1 when that fails')
    .addOption(
      new Option('--config.file <file>', 'configuration of the remediator (see config/remediator.yml); the environment counts as well'),
    )
    .addOption(
      new Option('--to <address>', 'only to this address (default: everybody in mail.to, or the escalation list)').argParser(parseAddress),
    )
    .addOption(new Option('--desktop', 'show a notice on the desktop instead, also when desktop.enabled is not set'))
    .addOption(new Option('--json', 'what became of each, as JSON'))
    .addOption(stateDirOption())
    .action(async (flags: Flags) => {
      const settings = loadSettings({
        configFile: flags['config.file'],
        stateDir: flags['state.dir'],
        address: { host: '127.0.0.1', port: 0 },
      })
      const results = flags.desktop === true ? await testDesktop(settings) : await testMail(settings, flags.to)
      process.stdout.write(flags.json === true ? `${JSON.stringify(results, null, 2)}\n` : results.map(sentence).join(''))
      if (results.some(({ ok }) => !ok)) process.exitCode = 1
    })
  return new Command('notify').description('how people are told').addCommand(test)
}

async function testMail({ mail }: RemediatorSettings, to: string | undefined): Promise<Result[]> {
  if (!mail)
    throw new UsageError(
      'no mail is configured: set mail.host (or mail.smtp_url) and mail.to in the file given with --config.file, or PROCWARDEN_SMTP_URL and PROCWARDEN_MAIL_TO',
    )
  const recipients = to === undefined ? distinct(mail.to.length > 0 ? mail.to : mail.escalationTo) : [to]
  const transport = createSmtpTransport(mail, SEND_TIMEOUT_MS)
  const results: Result[] = []
  try {
    for (const recipient of recipients) {
      const { subject, body, html } = rendered(letter())
      const messageId = messageIdOf(`test:${recipient}:${process.hrtime.bigint()}`, os.hostname())
      try {
        await transport.send({ to: recipient, subject, text: body, html, messageId, thread: null, incident: null })
        results.push({ to: recipient, ok: true })
      } catch (error) {
        const { what, advice } = smtpFailure(error, mail.smtpUrl)
        results.push({ to: recipient, ok: false, error: what, advice })
      }
    }
  } finally {
    transport.close()
  }
  return results
}

async function testDesktop({ config, commandEnvironment }: RemediatorSettings): Promise<Result[]> {
  const log = createLogger({ level: 'error', format: 'text', part: 'notify' })
  const desktop = createDesktop({ config: config.desktop, environment: commandEnvironment, log })
  const shown = await desktop.show('procwarden: a test', `Notices from ${os.hostname()} reach this desktop.`)
  if (shown.length === 0) {
    const who = config.desktop.users.length === 0 ? 'Nobody' : `None of ${config.desktop.users.join(', ')}`
    throw new UsageError(`${who} is logged in to a desktop here: there is no session bus below /run/user that may be used`)
  }
  return shown.map(({ uid, fault }) =>
    fault === undefined ? { to: `desktop of user ${uid}`, ok: true } : { to: `desktop of user ${uid}`, ok: false, error: fault },
  )
}

function letter(): Letter {
  const host = os.hostname()
  return {
    subject: subjectLine(`[procwarden ${host}] test`),
    headline: 'Mail from procwarden reaches you',
    tone: 'good',
    sentences: [`Somebody on ${host} ran procwarden notify test. Nothing has happened.`],
    facts: [['Host', host]],
    choices: [],
    footer: [],
  }
}

function sentence({ to, ok, error = '', advice }: Result): string {
  if (ok) return `Sent: ${to}\n`
  return `FAILED: ${to}: ${error}\n${advice === undefined ? '' : `        ${advice}\n`}`
}

function parseAddress(text: string): string {
  if (!isMailAddress(text)) throw new InvalidArgumentError('write a mail address: NAME@HOST.')
  return text
}
