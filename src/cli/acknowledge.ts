/** Owns `procwarden acknowledge`: a person has seen what was handed to people. It works also when no remediator runs. */
import { Command, Option } from 'commander'
import { acknowledge } from '../remediator/acknowledge.ts'
import { UsageError } from '../lib/errors.ts'
import { viewIncident } from '../remediator/incident-view.ts'
import { settleAlertFiles } from '../remediator/notify/alert-file.ts'
import { NotWaitingError } from './exit-codes.ts'
import { wholeIncidentId } from './incident-id.ts'
import { stateDirOption } from './options.ts'
import { ask, findRemediator, remediatorOptions, whoami, type RemediatorFlags } from './remediator-client.ts'
import { writeStore } from './store-writer.ts'

interface Flags extends RemediatorFlags {
  readonly note?: string
  readonly json?: boolean
}

export function acknowledgeCommand(): Command {
  const command = new Command('acknowledge')
    .alias('ack')
    .description('say that you have seen an incident that was handed to people: the call for them ends')
    .argument('<id>', 'the incident, as procwarden incidents shows it; the beginning of its id is enough')
    .addOption(new Option('--note <text>', 'what you found or did, for the record'))
    .addOption(new Option('--json', 'the incident as JSON'))
    .addOption(stateDirOption())
  for (const option of remediatorOptions()) command.addOption(option)
  return command.action(async (given: string, flags: Flags) => {
    const url = findRemediator(flags)
    const id = wholeIncidentId(given, flags['state.dir'])
    const answer = url === undefined ? inStore(id, flags) : await overApi(url, id, flags)
    process.stdout.write(flags.json === true ? `${JSON.stringify(answer, null, 2)}\n` : `Acknowledged: ${id}\n`)
  })
}

function overApi(url: string, id: string, flags: Flags): Promise<unknown> {
  const body = { by: whoami(), how: 'cli', ...(flags.note === undefined ? {} : { note: flags.note }) }
  return ask(url, `/api/incidents/${encodeURIComponent(id)}/acknowledge`, flags, body)
}

function inStore(id: string, flags: Flags): unknown {
  return writeStore(flags['state.dir'], 'acknowledge', ({ stateDir, ...store }) => {
    const result = acknowledge(id, { by: whoami(), how: 'cli', note: flags.note }, store)
    if (result.kind === 'unknown') throw new UsageError(`there is no incident ${id}: procwarden incidents lists them`)
    if (result.kind === 'not_open') throw new NotWaitingError('nobody is called for this incident, or no longer')
    settleAlertFiles(stateDir, store.database)
    return viewIncident(store.database, result.incident)
  })
}
