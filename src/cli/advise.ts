/** Owns `procwarden advise ID`: asks the advisor for its opinion about an incident. Nothing is done on its strength. */
import { Command, Option } from 'commander'
import { Advice } from '../remediator/api/schemas.ts'
import type { z } from 'zod'
import { stateDirOption } from './options.ts'
import { ask, remediatorOptions, requireRemediator, whoami, type RemediatorFlags } from './remediator-client.ts'
import { pairs, terminalWidth } from './table.ts'

interface Flags extends RemediatorFlags {
  readonly json?: boolean
}

/** As long as an advisor may take at most, and a little more. */
const ANSWER_MS_MAX = 620_000

export function adviseCommand(): Command {
  const command = new Command('advise')
    .description('ask the configured advisor for its opinion about an incident; nothing is done on its strength')
    .argument('<id>', 'the incident, as procwarden incidents shows it')
    .addOption(stateDirOption())
    .addOption(new Option('--json', 'the exchange as JSON'))
  for (const option of remediatorOptions()) command.addOption(option)
  return command.action(async (id: string, flags: Flags) => {
    const route = `/api/incidents/${encodeURIComponent(id)}/advise`
    const advice = Advice.parse(await ask(requireRemediator(flags), route, flags, { by: whoami() }, ANSWER_MS_MAX))
    process.stdout.write(flags.json === true ? `${JSON.stringify(advice, null, 2)}\n` : pairs(adviceFacts(advice), terminalWidth()))
    process.exitCode = advice.verdict === 'told' ? 0 : 1
  })
}

type AdviceFacts = Pick<z.infer<typeof Advice>, 'answer' | 'verdict' | 'why' | 'tokens' | 'latencyMs' | 'outcome' | 'request'>

/** Names and values, for a person. */
export function adviceFacts({ answer, verdict, why, tokens, latencyMs, outcome, request }: AdviceFacts): Array<readonly [string, string]> {
  const took = latencyMs === null ? 'it was not asked' : `${(latencyMs / 1000).toFixed(1)} s, ${tokens} tokens`
  return [
    ['Advisor', `${request?.model ?? 'none'}: ${took}`],
    ...(verdict === 'told' || verdict === 'accepted' ? [] : ([['Not used', `${verdict ?? 'waiting'}: ${why ?? ''}`]] as const)),
    ...(answer === null
      ? []
      : ([
          ['Root cause', answer.root_cause],
          ['Critical', answer.is_critical ? 'yes' : 'no'],
          ['Confidence', answer.confidence],
          ['Recommends', answer.recommended_action],
          ['Explanation', answer.explanation],
        ] as const)),
    ...(outcome === null ? [] : ([['Outcome', outcome]] as const)),
  ]
}
