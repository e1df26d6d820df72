/** Owns the command line: which subcommands there are, and how an error becomes one clear sentence and an exit code. */
import { Command, CommanderError } from 'commander'
import { UsageError, messageOf } from '../lib/errors.ts'
import { readVersion } from '../lib/version.ts'
import { approvalCommands } from './approval.ts'
import { auditCommand } from './audit.ts'
import { demoCommand } from './demo.ts'
import { exporterCommand } from './exporter.ts'
import { incidentsCommand } from './incidents.ts'
import { remediatorCommand } from './remediator.ts'
import { upCommand } from './up.ts'

const EXIT_FAILED = 1

async function main(argv: readonly string[]): Promise<number> {
  const program = new Command('procwarden')
    .description('Notices the program that loops, leaks or storms, stops it, and keeps a record nobody can rewrite.')
    .version(readVersion(), '-V, --version')
    .helpCommand(false)
    .showHelpAfterError('(procwarden --help tells what there is)')
    .exitOverride()
  const commands = [
    upCommand(),
    exporterCommand(),
    remediatorCommand(),
    incidentsCommand(),
    ...approvalCommands(),
    auditCommand(),
    demoCommand(),
  ]
  for (const command of commands) program.addCommand(command.exitOverride())
  try {
    await program.parseAsync(argv)
    return Number(process.exitCode ?? 0)
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode
    if (error instanceof UsageError) process.stderr.write(`procwarden: ${error.message}\n`)
    else process.stderr.write(`procwarden: ${messageOf(error)}\n`)
    return EXIT_FAILED
  }
}

// Standard output may be a pipe whose reader has gone: that is the reader's choice, not a fault.
process.stdout.on('error', () => process.exit(0))
// A log file on a full disk loses lines, never the program.
process.stderr.on('error', () => undefined)
const code = await main(process.argv)
// A pipe takes what was written only bit by bit; the callback comes after all of it.
process.stdout.write('', () => process.exit(code))
