/** Owns `procwarden pause` and `procwarden resume`: the kill switch. It works also when the remediator does not answer. */
import { Command, Option } from 'commander'
import { z } from 'zod'
import { setPaused } from '../remediator/kill-switch.ts'
import { pausedBy } from '../remediator/store/pause/paused-by.ts'
import { stateDirOption } from './options.ts'
import { ask, findRemediator, remediatorOptions, whoami, type RemediatorFlags } from './remediator-client.ts'
import { writeStore } from './store-writer.ts'

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
  return writeStore(flags['state.dir'], 'pause', (store) => {
    setPaused(paused ? { paused, by: whoami(), why: flags.why ?? '' } : { paused, by: whoami() }, store)
    const pause = pausedBy(store.database)
    return pause ? { paused: true, ...pause } : { paused: false }
  })
}

function sentence({ paused, by, at, why }: State): string {
  if (!paused) return 'Actions are allowed.'
  const reason = why === undefined || why === '' ? '' : ` (${why})`
  return `Paused by ${by ?? 'somebody'} at ${at ?? 'some time'}${reason}: nothing is acted upon until procwarden resume.`
}
