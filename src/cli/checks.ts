/** Owns `procwarden checks`: its subcommands. */
import { Command } from 'commander'
import { checksBaselineCommand } from './checks-baseline.ts'
import { checksHistoryCommand, checksListCommand } from './checks-list.ts'
import { checksRunCommand } from './checks-run.ts'

export function checksCommand(): Command {
  return new Command('checks')
    .description('synthetic checks: run them, save what is healthy, see how they went')
    .addCommand(checksRunCommand().exitOverride())
    .addCommand(checksBaselineCommand().exitOverride())
    .addCommand(checksListCommand().exitOverride())
    .addCommand(checksHistoryCommand().exitOverride())
}
