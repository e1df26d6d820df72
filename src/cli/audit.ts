/** Owns `procwarden audit`: the subcommands about the record of everything that was decided and done. */
import { Command } from 'commander'
import { auditExportCommand } from './audit-export.ts'
import { auditStatsCommand } from './audit-stats.ts'
import { auditVerifyCommand } from './audit-verify.ts'

export function auditCommand(): Command {
  const command = new Command('audit').description('the record of everything that was decided and done')
  for (const each of [auditVerifyCommand(), auditExportCommand(), auditStatsCommand()]) command.addCommand(each.exitOverride())
  return command
}
