/** Owns notices on the desktops of people who are logged in, by notify-send. Bounded in number and time; a failure is a line in the log. */
import type { Logger } from '../../lib/log.ts'
import { runCommand } from '../../lib/run-command.ts'
import type { Notice } from './herald.ts'
import { plain } from './letter.ts'
import type { Desktop as DesktopConfig } from './mail-config.ts'
import { findSessionBuses, type SessionBus } from './session-buses.ts'

export interface DesktopOptions {
  readonly config: DesktopConfig
  /** What a person's program inherits of ours: where programs are. */
  readonly environment: Readonly<Record<string, string>>
  readonly log: Logger
  readonly runtimeRoot?: string
  readonly passwdFile?: string
  readonly ownUid?: number
}

export interface Shown {
  readonly uid: number
  /** Undefined when it was shown. */
  readonly fault: string | undefined
}

export interface Desktop {
  /** Shows it soon, if it is wanted at all; waits for nothing. */
  notice(notice: Notice): void
  /** Shows it now to everybody who is meant, and says how that went. Empty when nobody is logged in to a desktop. */
  show(headline: string, text: string): Promise<Shown[]>
}

const TIMEOUT_MS = 5_000
/** Notices that wait; more would only bury the first. */
const QUEUE_MAX = 5
const TEXT_MAX = 400

export function createDesktop(options: DesktopOptions): Desktop {
  const { config, log } = options
  const queue: Notice[] = []
  let isShowing = false
  let hasFailed = false
  const drain = async (): Promise<void> => {
    for (let notice = queue.shift(); notice !== undefined; notice = queue.shift()) {
      const results = await show(notice.headline, notice.text, options)
      const failed = results.find(({ fault }) => fault !== undefined)
      if (failed && !hasFailed) log.warn(`A notice could not be shown on the desktop of user ${failed.uid}: ${failed.fault}`)
      hasFailed = failed !== undefined
    }
  }
  return {
    notice: (notice) => {
      if (!isWanted(notice, config) || queue.length >= QUEUE_MAX) return
      queue.push(notice)
      if (isShowing) return
      isShowing = true
      // After the transaction that it tells of.
      setImmediate(() => {
        drain()
          .catch((error: unknown) => log.warn('Notices on the desktop failed', { error: String(error) }))
          .finally(() => (isShowing = false))
      })
    },
    show: (headline, text) => show(headline, text, options),
  }
}

function isWanted({ events, severity }: Notice, { enabled, severity: severities, events: switches }: DesktopConfig): boolean {
  return enabled && severities.includes(severity) && events.some((event) => switches[event] !== false)
}

async function show(headline: string, text: string, options: DesktopOptions): Promise<Shown[]> {
  const { config, runtimeRoot = '/run/user', passwdFile = '/etc/passwd', ownUid = process.getuid?.() ?? 0 } = options
  const buses = findSessionBuses({ runtimeRoot, passwdFile, users: config.users, ownUid })
  return Promise.all(buses.map(async (bus) => ({ uid: bus.uid, fault: await showOn(bus, headline, text, ownUid, options) })))
}

async function showOn(
  bus: SessionBus,
  headline: string,
  text: string,
  ownUid: number,
  { environment }: DesktopOptions,
): Promise<string | undefined> {
  const { ending, stderr } = await runCommand({
    argv: [
      'notify-send',
      '--app-name=procwarden',
      '--urgency=critical',
      '--icon=dialog-warning',
      // What begins with a hyphen is no option of ours.
      '--',
      plain(headline).slice(0, TEXT_MAX),
      withoutMarkup(plain(text)).slice(0, TEXT_MAX),
    ],
    environment: {
      PATH: environment['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
      XDG_RUNTIME_DIR: bus.directory,
      DBUS_SESSION_BUS_ADDRESS: bus.address,
      LANG: environment['LANG'] ?? 'C.UTF-8',
    },
    timeoutMs: TIMEOUT_MS,
    outputBytesMax: 4_096,
    ...(ownUid === 0 && bus.uid !== 0 ? { user: { uid: bus.uid, gid: bus.gid } } : {}),
  })
  if (ending.kind === 'exited' && ending.code === 0) return undefined
  if (ending.kind === 'not_started')
    return /ENOENT/.test(ending.why)
      ? 'there is no notify-send: install libnotify-bin (Debian, Ubuntu) or libnotify (elsewhere)'
      : ending.why
  if (ending.kind === 'timed_out')
    return `notify-send did not end within ${TIMEOUT_MS / 1000} s: does a notification service run on that desktop?`
  return plain(stderr.trim().split('\n').at(-1) ?? '') || 'notify-send failed'
}

/** The body may hold a few tags (the desktop's notification specification); a process name must not. */
function withoutMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
