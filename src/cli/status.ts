/** Owns `procwarden status`: whether the remediator runs, what it may do, what waits and whether the record is whole. */
import { Command, Option } from 'commander'
import { systemClock } from '../lib/clock.ts'
import { UsageError } from '../lib/errors.ts'
import { readVersion } from '../lib/version.ts'
import { Status } from '../remediator/api/schemas.ts'
import { viewStatus } from '../remediator/status-view.ts'
import { stateDirOption } from './options.ts'
import { readStore } from './read-store.ts'
import { ask, findRemediator, remediatorOptions, type RemediatorFlags } from './remediator-client.ts'
import { pairs } from './table.ts'

interface Flags extends RemediatorFlags {
  readonly json?: boolean
}

export function statusCommand(): Command {
  const command = new Command('status')
    .description('tell whether the remediator runs, what it may do and what waits; exit code 1 when it does not run')
    .addOption(stateDirOption())
    .addOption(new Option('--json', 'the status as JSON'))
  for (const option of remediatorOptions()) command.addOption(option)
  return command.action(async (flags: Flags) => {
    const url = findRemediator(flags)
    const { status, fault } = await statusOf(url, flags)
    const isRunning = fault === undefined
    process.stdout.write(
      flags.json === true
        ? `${JSON.stringify({ running: isRunning, ...status }, null, 2)}\n`
        : page(status, isRunning ? url : undefined, fault),
    )
    process.exitCode = isRunning ? 0 : 1
  })
}

/** From the running remediator, else what the store tells of one that does not run. */
async function statusOf(url: string | undefined, flags: Flags): Promise<{ readonly status: Status; readonly fault?: string }> {
  try {
    if (url === undefined) throw new UsageError('no loop runs on the state folder')
    return { status: Status.parse(await ask(url, '/api/status', flags)) }
  } catch (error) {
    if (!(error instanceof UsageError) || flags['remediator.url'] !== undefined) throw error
    const about = {
      version: readVersion(),
      startedAt: null,
      mode: null,
      isLeader: false,
      auditIntactAtStart: true,
      boot: systemClock().boot(),
      nowMs: Date.now(),
      checks: null,
    } as const
    return { status: readStore(flags['state.dir'], (database) => viewStatus(database, about)), fault: error.message }
  }
}

/** What the watchdog sees. */
function watchdogFacts({ checks, actionsOfAnHour: actions, firing }: Status['watchdog']): Array<readonly [string, string]> {
  const share = actions.failedRatio === null ? '' : `, ${(actions.failedRatio * 100).toFixed(0)} %`
  return [
    ...(checks === null ? [] : ([['Checks', checkWords(checks)]] as const)),
    ...(checks === null || checks.drifting.length === 0
      ? []
      : ([['Drift', `${checks.drifting.join(', ')}: procwarden checks run`]] as const)),
    [
      'Actions',
      actions.acted === 0 ? 'none within the last hour' : `${actions.acted} within the last hour, ${actions.failed} failed${share}`,
    ],
    [
      'Watchdog',
      firing.length === 0
        ? 'no alert about checks or remediation fires'
        : firing.map(({ alertname, since, summary }) => `${alertname} since ${since}: ${summary}`).join('; '),
    ],
  ]
}

function checkWords({ passed, failing, notTried, lastAt, hasBaseline }: NonNullable<Status['watchdog']['checks']>): string {
  if (lastAt === null) return notTried.length === 0 ? 'none are configured' : 'none has run yet'
  return [
    `${passed} passed`,
    ...(failing.length === 0 ? [] : [`FAILING: ${failing.join(', ')}`]),
    ...(notTried.length === 0 ? [] : [`not tried: ${notTried.join(', ')}`]),
    `last at ${lastAt}`,
    ...(hasBaseline ? [] : ['no baseline is saved: procwarden checks baseline']),
  ].join('; ')
}

function page(status: Status, url: string | undefined, fault: string | undefined): string {
  const { incidents, queue, pause, audit } = status
  const meaning = { observe: 'it only tells what it would do', confirm: 'it asks before it acts', auto: 'it acts' }[
    status.mode ?? 'observe'
  ]
  const role = status.leader ? '' : '; it stands by for another remediator on the same store'
  return pairs([
    [
      'Remediator',
      url === undefined ? `does not run: ${fault ?? ''}` : `${url}, version ${status.version}, since ${status.startedAt ?? ''}${role}`,
    ],
    ...(url === undefined ? [] : ([['Mode', `${status.mode ?? ''}: ${meaning}`]] as const)),
    ['Kill switch', pause ? `paused by ${pause.by} at ${pause.at}${pause.why === '' ? '' : ` (${pause.why})`}` : 'not thrown'],
    ['Waiting', `${queue.alerts} alerts, ${incidents.queued} queued, ${incidents.deferred} postponed, ${status.mailsWaiting} mails`],
    ['Asking you', incidents.awaiting_approval === 0 ? 'nothing' : `${incidents.awaiting_approval} incidents: procwarden approvals`],
    ...(status.humanAlerts === 0
      ? []
      : ([
          ['CALLS YOU', `${status.humanAlerts} incidents need a person: procwarden incidents --called, then procwarden acknowledge ID`],
        ] as const)),
    ['Closed', `${incidents.done} done, ${incidents.cancelled} cancelled`],
    ['Cooling down', `${status.cooldowns} targets`],
    ...watchdogFacts(status.watchdog),
    [
      'Audit trail',
      `${audit.length} entries, head ${audit.head.slice(0, 16)}${audit.intactAtStart ? '' : '; it was BROKEN at the start: procwarden audit verify'}`,
    ],
  ])
}
