/** Owns the command line: which subcommands there are. */
import { Command } from 'commander'
import { readVersion } from '../lib/version.ts'
import { runCommandLine } from './run.ts'
import { keepSmall } from './keep-small.ts'

/** In the order of the help. Each is loaded only when it is asked for: an exporter has no use for the remediator's libraries. */
const COMMANDS: ReadonlyArray<readonly [names: readonly string[], load: () => Promise<readonly Command[]>]> = [
  [['up'], async () => [(await import('./up.ts')).upCommand()]],
  [['exporter'], async () => [(await import('./exporter.ts')).exporterCommand()]],
  [['remediator'], loadRemediator],
  [['incidents'], async () => [(await import('./incidents.ts')).incidentsCommand()]],
  [['show'], async () => [(await import('./show.ts')).showCommand()]],
  [['explain'], async () => [(await import('./explain.ts')).explainCommand()]],
  [['status'], async () => [(await import('./status.ts')).statusCommand()]],
  [['approve', 'deny'], async () => (await import('./approval.ts')).approvalCommands()],
  [['console'], async () => [(await import('./console.ts')).consoleCommand()]],
  [['acknowledge', 'ack'], async () => [(await import('./acknowledge.ts')).acknowledgeCommand()]],
  [['approvals'], async () => [(await import('./approvals.ts')).approvalsCommand()]],
  [['advise'], async () => [(await import('./advise.ts')).adviseCommand()]],
  [['rollback'], async () => [(await import('./rollback.ts')).rollbackCommand()]],
  [['pause', 'resume'], async () => (await import('./pause.ts')).pauseCommands()],
  [['audit'], async () => [(await import('./audit.ts')).auditCommand()]],
  [['rules'], async () => [(await import('./rules.ts')).rulesCommand()]],
  [['check'], async () => [(await import('./check.ts')).checkCommand()]],
  [['checks'], async () => [(await import('./checks.ts')).checksCommand()]],
  [['backtest'], async () => [(await import('./backtest.ts')).backtestCommand()]],
  [['notify'], async () => [(await import('./notify.ts')).notifyCommand()]],
  [['demo'], async () => [(await import('./demo.ts')).demoCommand()]],
  [['completion'], async () => [(await import('./completion.ts')).completionCommand(() => commandsFor(undefined))]],
]

async function makeProgram(name: string | undefined): Promise<Command> {
  const program = new Command('procwarden')
    .description('Notices the program that loops, leaks or storms, stops it, and keeps a record nobody can rewrite.')
    .version(readVersion(), '-V, --version')
    .helpCommand(false)
    .showHelpAfterError('(procwarden --help tells what there is)')
    .exitOverride()
  for (const command of await commandsFor(name)) program.addCommand(command.exitOverride())
  return program
}

async function loadRemediator(): Promise<Command[]> {
  keepSmall()
  return [(await import('./remediator.ts')).remediatorCommand()]
}

/** The one asked for, or all of them: the help lists them, and so does the answer to a name that there is not. */
async function commandsFor(name: string | undefined): Promise<Command[]> {
  const asked = COMMANDS.filter(([names]) => name !== undefined && names.includes(name))
  const loaded = await Promise.all((asked.length > 0 ? asked : COMMANDS).map(([, load]) => load()))
  return loaded.flat()
}

void runCommandLine(() => makeProgram(process.argv[2]), process.argv)
