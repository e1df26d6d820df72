/** Owns `procwarden rollback`: undoing what was done about an incident. It works also when no remediator runs, but for the policy's command. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { Command, Option } from 'commander'
import { z } from 'zod'
import { systemClock } from '../lib/clock.ts'
import { UsageError } from '../lib/errors.ts'
import { loadLibc } from '../lib/linux/libc.ts'
import { createPidfds } from '../lib/linux/pidfd.ts'
import { createProcfs } from '../lib/linux/proc-process.ts'
import { createLogger, printable } from '../lib/log.ts'
import { createHolder } from '../remediator/actions/held-processes.ts'
import { Journal } from '../remediator/audit/journal.ts'
import { mirrorPath } from '../remediator/audit/mirror.ts'
import { rollback, type RollbackReport } from '../remediator/rollback.ts'
import { Database, databasePath } from '../remediator/store/database.ts'
import { collect, stateDirOption } from './options.ts'
import { noStore } from './read-store.ts'
import { ask, findRemediator, remediatorOptions, whoami, type RemediatorFlags } from './remediator-client.ts'

interface Flags extends RemediatorFlags {
  readonly only?: string[]
  readonly json?: boolean
}

const Report = z.object({ incident: z.string(), done: z.array(z.string()), failed: z.array(z.string()), cannot: z.array(z.string()) })
/** Something could be undone and was not. */
const EXIT_FAILED = 1

export function rollbackCommand(): Command {
  const command = new Command('rollback')
    .description('undo what was done about an incident: let processes go on, bring files back; says what cannot be undone')
    .argument('<id>', 'the incident, as procwarden incidents shows it')
    .addOption(new Option('--only <path>', 'bring back this quarantined file alone, and undo nothing else (repeatable)').argParser(collect))
    .addOption(new Option('--json', 'the report as JSON'))
    .addOption(stateDirOption())
  for (const option of remediatorOptions()) command.addOption(option)
  return command.action(async (id: string, flags: Flags) => {
    const url = findRemediator(flags)
    const report = url === undefined ? await inStore(id, flags) : await overApi(url, id, flags)
    process.stdout.write(flags.json === true ? `${JSON.stringify(report)}\n` : textOf(report))
    if (report.failed.length > 0) process.exitCode = EXIT_FAILED
  })
}

async function overApi(url: string, id: string, flags: Flags): Promise<RollbackReport> {
  const body = { by: whoami(), ...(flags.only === undefined ? {} : { only: flags.only.map((each) => path.resolve(each)) }) }
  return Report.parse(await ask(url, `/api/incidents/${encodeURIComponent(id)}/rollback`, flags, body))
}

/** Without a remediator its policies are not known, so that a policy's own command is not run. */
async function inStore(id: string, flags: Flags): Promise<RollbackReport> {
  const stateDir = path.resolve(flags['state.dir'])
  const file = databasePath(stateDir)
  if (!existsSync(file)) throw noStore(flags['state.dir'])
  const database = Database.open(file)
  const clock = systemClock()
  const journal = new Journal(database, mirrorPath(stateDir), clock, createLogger({ level: 'warn', format: 'text', part: 'rollback' }))
  try {
    const report = await rollback(
      id,
      whoami(),
      flags.only?.map((each) => path.resolve(each)),
      {
        database,
        journal,
        holder: createHolder(() => createPidfds(loadLibc()), createProcfs(clock)),
        boot: () => clock.boot(),
        policyOf: () => undefined,
        environment: {},
      },
    )
    if (!report) throw new UsageError(`there is no incident ${id} in ${flags['state.dir']}: procwarden incidents lists them`)
    return report
  } finally {
    journal.close()
    database.close()
  }
}

function textOf({ done, failed, cannot }: RollbackReport): string {
  const lines = [
    ...done.map((each) => `done    ${each}`),
    ...failed.map((each) => `FAILED  ${each}`),
    ...cannot.map((each) => `cannot  ${each}`),
  ]
  return `${(lines.length > 0 ? lines : ['There was nothing to undo.']).map((line) => printable(line)).join('\n')}\n`
}
