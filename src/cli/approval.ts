/** Owns `procwarden approve` and `procwarden deny`: a person's answer to one question, taken to the remediator that asks. */
import { Command, Option } from 'commander'
import { z } from 'zod'
import { NotWaitingError } from './exit-codes.ts'
import { wholeIncidentId } from './incident-id.ts'
import { parsePositiveInteger, stateDirOption } from './options.ts'
import { ask, remediatorOptions, requireRemediator, whoami, type RemediatorFlags } from './remediator-client.ts'
import { paragraph, terminalWidth } from './table.ts'

interface Flags extends RemediatorFlags {
  readonly always?: boolean
  readonly question?: number
  readonly json?: boolean
}

const Question = z.looseObject({
  id: z.number(),
  attempt: z.number(),
  policy: z.string(),
  action: z.string(),
  target: z.string(),
  why: z.string(),
  answer: z.string().nullable(),
})
type Question = z.infer<typeof Question>
const Asking = z.looseObject({ status: z.string(), summary: z.string().nullable(), approvals: z.array(Question) })
const Decided = z.looseObject({ id: z.string(), remembered: z.boolean().default(false) })

export function approvalCommands(): Command[] {
  return [command('approve', 'let an incident that asks have its action'), command('deny', 'have nothing done about an incident that asks')]
}

function command(name: 'approve' | 'deny', description: string): Command {
  const made = new Command(name)
    .description(description)
    .argument('<id>', 'the incident, as procwarden incidents shows it; the beginning of its id is enough')
    .addOption(new Option('--always', 'once and for all: the same is not asked again (procwarden approvals revoke takes that back)'))
    .addOption(
      new Option('--question <number>', 'only if it still asks this, as procwarden approvals shows it').argParser(parsePositiveInteger),
    )
    .addOption(new Option('--json', 'the incident, and the question that was answered, as JSON'))
    .addOption(stateDirOption())
  for (const option of remediatorOptions()) made.addOption(option)
  return made.action(async (given: string, flags: Flags) => {
    const url = requireRemediator(flags)
    const id = wholeIncidentId(given, flags['state.dir'])
    const always = flags.always === true
    const route = `/api/incidents/${encodeURIComponent(id)}`
    const question = openQuestion(await ask(url, route, flags))
    // What is printed is what is answered: should another be asked meanwhile, the remediator refuses.
    const body = { by: whoami(), how: 'cli', always, approval: flags.question ?? question.id }
    const decided = Decided.parse(await ask(url, `${route}/${name}`, flags, body))
    const text =
      flags.json === true
        ? JSON.stringify({ ...decided, question }, null, 2)
        : sentences(name, id, always, decided.remembered, question).join('\n')
    process.stdout.write(`${text}\n`)
  })
}

/** Throws NotWaitingError where there is none. */
function openQuestion(incident: unknown): Question {
  const { status, summary, approvals } = Asking.parse(incident)
  const open = approvals.find(({ answer }) => answer === null)
  if (status === 'awaiting_approval' && open) return open
  throw new NotWaitingError(`the incident does not wait for an answer: ${status}, ${summary ?? 'in work'}`)
}

function sentences(
  name: 'approve' | 'deny',
  id: string,
  always: boolean,
  remembered: boolean,
  { id: number, attempt, policy, action, target, why }: Question,
): string[] {
  const question = `Question ${number}, attempt ${attempt}: ${action} ${target}? Policy ${policy}; asked because ${why}.`
  const done = [`${name === 'approve' ? 'Approved' : 'Denied'}: ${id}`, ...paragraph(question, terminalWidth(), 2)]
  if (remembered) return [...done, 'The same is not asked again; procwarden approvals lists what is remembered.']
  return always ? [...done, 'It will be asked again all the same: its policy always asks.'] : done
}
