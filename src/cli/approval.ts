/** Owns `procwarden approve` and `procwarden deny`: a person's answer, taken to the remediator that asks. */
import { Command, Option } from 'commander'
import { z } from 'zod'
import { wholeIncidentId } from './incident-id.ts'
import { stateDirOption } from './options.ts'
import { ask, remediatorOptions, requireRemediator, whoami, type RemediatorFlags } from './remediator-client.ts'

interface Flags extends RemediatorFlags {
  readonly always?: boolean
  readonly json?: boolean
}

const Decided = z.looseObject({ remembered: z.boolean().default(false) })

export function approvalCommands(): Command[] {
  return [command('approve', 'let an incident that asks have its action'), command('deny', 'have nothing done about an incident that asks')]
}

function command(name: 'approve' | 'deny', description: string): Command {
  const made = new Command(name)
    .description(description)
    .argument('<id>', 'the incident, as procwarden incidents shows it; the beginning of its id is enough')
    .addOption(new Option('--always', 'once and for all: the same is not asked again (procwarden approvals revoke takes that back)'))
    .addOption(new Option('--json', 'the incident as JSON'))
    .addOption(stateDirOption())
  for (const option of remediatorOptions()) made.addOption(option)
  return made.action(async (given: string, flags: Flags) => {
    const url = requireRemediator(flags)
    const id = wholeIncidentId(given, flags['state.dir'])
    const always = flags.always === true
    const answer = await ask(url, `/api/incidents/${encodeURIComponent(id)}/${name}`, flags, { by: whoami(), how: 'cli', always })
    process.stdout.write(flags.json === true ? `${JSON.stringify(answer, null, 2)}\n` : sentence(name, id, always, answer))
  })
}

function sentence(name: 'approve' | 'deny', id: string, always: boolean, answer: unknown): string {
  const { remembered } = Decided.parse(answer)
  const done = `${name === 'approve' ? 'Approved' : 'Denied'}: ${id}\n`
  if (remembered) return `${done}The same is not asked again; procwarden approvals lists what is remembered.\n`
  return always ? `${done}It will be asked again all the same: its policy always asks.\n` : done
}
