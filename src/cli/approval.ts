/** Owns `procwarden approve` and `procwarden deny`: a person's answer, taken to the remediator that asks. */
import { Command } from 'commander'
import { stateDirOption } from './options.ts'
import { ask, remediatorOptions, requireRemediator, whoami, type RemediatorFlags } from './remediator-client.ts'

export function approvalCommands(): Command[] {
  return [command('approve', 'let an incident that asks have its action'), command('deny', 'have nothing done about an incident that asks')]
}

function command(name: 'approve' | 'deny', description: string): Command {
  const made = new Command(name)
    .description(description)
    .argument('<id>', 'the incident, as procwarden incidents shows it')
    .addOption(stateDirOption())
  for (const option of remediatorOptions()) made.addOption(option)
  return made.action(async (id: string, flags: RemediatorFlags) => {
    await ask(requireRemediator(flags), `/api/incidents/${encodeURIComponent(id)}/${name}`, flags, { by: whoami() })
    process.stdout.write(`${name === 'approve' ? 'Approved' : 'Denied'}: ${id}\n`)
  })
}
