/** Owns `procwarden pause` and `procwarden resume`: the kill switch. It works also when the remediator does not answer. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { Command, Option } from 'commander'
import { z } from 'zod'
import { systemClock } from '../lib/clock.ts'
import { createLogger } from '../lib/log.ts'
import { Journal } from '../remediator/audit/journal.ts'
import { mirrorPath } from '../remediator/audit/mirror.ts'
import { setPaused } from '../remediator/kill-switch.ts'
import { Database, databasePath } from '../remediator/store/database.ts'
import { pausedBy } from '../remediator/store/pause/paused-by.ts'
import { stateDirOption } from './options.ts'
import { noStore } from './read-store.ts'
import { ask, findRemediator, remediatorOptions, whoami, type RemediatorFlags } from './remediator-client.ts'

interface Flags extends RemediatorFlags {
  readonly why?: string
  readonly json?: boolean
}

const State = z.looseObject({ paused: z.boolean(), by: z.string().optional(), at: z.string().optional(), why: z.string().optional() })
type State = z.infer<typeof State>

export function pauseCommands(): Command[] {
  const pause = new Command('pause')
    .description('have nothing acted upon until procwarden resume; alerts are still taken in')
    .addOption(new Option('--why <text>', 'the reason, for the record'))
  const resume = new Command('resume').description('allow actions again after procwarden pause')
  return [pause, resume].map((command) => {
    command.addOption(stateDirOption()).addOption(new Option('--json', 'the state as JSON'))
    for (const option of remediatorOptions()) command.addOption(option)
    return command.action(async (flags: Flags) => {
      const state = await set(command.name() === 'pause', flags)
      process.stdout.write(flags.json === true ? `${JSON.stringify(state)}\n` : `${sentence(state)}\n`)
    })
  })
}

/** Over the API where one is named or answers; else in the store itself, which a remediator that hangs reads all the same. */
async function set(paused: boolean, flags: Flags): Promise<State> {
  const url = findRemediator(flags)
  const body = { by: whoami(), ...(flags.why === undefined ? {} : { why: flags.why }) }
  const overApi = async (address: string): Promise<State> =>
    State.parse(await ask(address, paused ? '/api/pause' : '/api/resume', flags, body))
  if (url === undefined) return inStore(paused, flags)
  if (flags['remediator.url'] !== undefined) return overApi(url)
  try {
    return await overApi(url)
  } catch {
    return inStore(paused, flags)
  }
}

function inStore(paused: boolean, flags: Flags): State {
  const stateDir = path.resolve(flags['state.dir'])
  const file = databasePath(stateDir)
  if (!existsSync(file)) throw noStore(flags['state.dir'])
  const database = Database.open(file)
  try {
    const clock = systemClock()
    const journal = new Journal(database, mirrorPath(stateDir), clock, createLogger({ level: 'warn', format: 'text', part: 'pause' }))
    setPaused(paused ? { paused, by: whoami(), why: flags.why ?? '' } : { paused, by: whoami() }, { database, journal, clock })
    journal.close()
    const pause = pausedBy(database)
    return pause ? { paused: true, ...pause } : { paused: false }
  } finally {
    database.close()
  }
}

function sentence({ paused, by, at, why }: State): string {
  if (!paused) return 'Actions are allowed.'
  const reason = why === undefined || why === '' ? '' : ` (${why})`
  return `Paused by ${by ?? 'somebody'} at ${at ?? 'some time'}${reason}: nothing is acted upon until procwarden resume.`
}
