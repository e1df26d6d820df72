/** Owns how a command line becomes an exit code: an error is one clear sentence on standard error. Knows no subcommand. */
import { CommanderError, type Command } from 'commander'
import { UsageError, messageOf } from '../lib/errors.ts'
import { exitCodeOf } from './exit-codes.ts'

/** Runs the command line to its end and ends the process. `makeProgram` is called when errors can be told already. */
export async function runCommandLine(makeProgram: () => Promise<Command>, argv: readonly string[]): Promise<never> {
  // Standard output may be a pipe whose reader has gone: that is the reader's choice, not a fault.
  process.stdout.on('error', () => process.exit(0))
  // A log file on a full disk loses lines, never the program.
  process.stderr.on('error', () => undefined)
  const code = await exitCode(makeProgram, argv)
  // A pipe takes what was written only bit by bit; the callback comes after all of it.
  await new Promise<void>((resolve) => {
    process.stdout.write('', () => resolve())
  })
  process.exit(code)
}

async function exitCode(makeProgram: () => Promise<Command>, argv: readonly string[]): Promise<number> {
  try {
    await (await makeProgram()).parseAsync(argv)
    return Number(process.exitCode ?? 0)
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode
    // A UsageError may tell several faults, a line each.
    process.stderr.write(`procwarden: ${error instanceof UsageError ? error.message : messageOf(error)}\n`)
    return exitCodeOf(error)
  }
}
