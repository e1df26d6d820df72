/** Owns `procwarden completion`: scripts for shells, made from the commands themselves, and the ids that they complete. */
import { Argument, Command, Option } from 'commander'
import type { Database } from '../remediator/store/database.ts'
import { listOpenApprovals } from '../remediator/store/approvals/list-open-approvals.ts'
import { listHumanAlerts } from '../remediator/store/escalations/list-human-alerts.ts'
import { listIncidents } from '../remediator/store/incidents/list-incidents.ts'
import { bashCompletion } from './completion/bash.ts'
import { fishCompletion } from './completion/fish.ts'
import { treeOf } from './completion/tree.ts'
import { zshCompletion } from './completion/zsh.ts'
import { stateDirOption } from './options.ts'
import { readStore } from './read-store.ts'

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const
const IDS_MAX = 50

/** `loadAll` gives every command: only here are they all needed. */
export function completionCommand(loadAll: () => Promise<readonly Command[]>): Command {
  return new Command('completion')
    .description('print a completion script for a shell: source <(procwarden completion bash)')
    .addArgument(new Argument('[shell]', 'which one').choices(Object.keys(SHELLS)))
    .addOption(new Option('--ids-for <command>', 'ids that this command takes').hideHelp())
    .addOption(stateDirOption().hideHelp())
    .action(
      async (
        shell: keyof typeof SHELLS | undefined,
        flags: { readonly idsFor?: string; readonly 'state.dir': string },
        command: Command,
      ) => {
        if (flags.idsFor !== undefined)
          process.stdout.write(
            idsFor(flags.idsFor, flags['state.dir'])
              .map((id) => `${id}\n`)
              .join(''),
          )
        else if (shell === undefined) command.error('error: name a shell: bash, zsh or fish')
        else process.stdout.write(SHELLS[shell](treeOf(await loadAll())))
      },
    )
}

/** Pressing the tabulator must never print an error. */
function idsFor(command: string, stateDir: string): string[] {
  try {
    return readStore(stateDir, (database) => takenBy(command, database))
  } catch {
    return []
  }
}

function takenBy(command: string, database: Database): string[] {
  if (command === 'approve' || command === 'deny') return listOpenApprovals(database).map(({ incident }) => incident)
  if (command === 'acknowledge' || command === 'ack') return [...new Set(listHumanAlerts(database).map(({ incident }) => incident))]
  return listIncidents(database, IDS_MAX).map(({ id }) => id)
}
