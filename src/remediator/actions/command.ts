/** Owns running the user's own script: by argv, with the alert on its standard input and in its environment, bounded. */
import { assert } from '../../lib/errors.ts'
import { printable } from '../../lib/log.ts'
import { runCommand, type CommandResult } from '../../lib/run-command.ts'
import { occasionEnvironment, occasionJson } from './alert-environment.ts'
import type { Action, ActionResult } from './action.ts'

export interface CommandOptions {
  /** What a script inherits: PATH, HOME, the language; no secret of ours. */
  readonly environment: Readonly<Record<string, string>>
}

const OUTPUT_SHOWN_MAX = 2_000

export function createCommand({ environment }: CommandOptions): Action {
  return {
    run: async ({ incident, target, policy, step, attempt }, signal) => {
      assert(step.action === 'command', 'this is the command action')
      const occasion = { incident, target, policy: policy.name, attempt }
      const result = await runCommand(
        {
          argv: step.argv,
          stdin: `${occasionJson(occasion)}\n`,
          environment: { ...environment, ...occasionEnvironment(occasion) },
          timeoutMs: step.timeout_seconds * 1000,
          outputBytesMax: step.output_bytes_max,
        },
        signal,
      )
      return resultOf(step.argv[0] ?? '', step.timeout_seconds, result)
    },
    // Only the script knows whether it had done its work.
    look: async () => ({ kind: 'unknown' }),
  }
}

function resultOf(program: string, timeoutSeconds: number, { ending, stdout, stderr, isCut }: CommandResult): ActionResult {
  const shown = (text: string): string => printable(text.trim()).slice(0, OUTPUT_SHOWN_MAX)
  const data = { ending, stdout: shown(stdout), stderr: shown(stderr), outputCut: isCut }
  switch (ending.kind) {
    case 'exited':
      if (ending.code === 0) return { outcome: 'executed', reason: 'none', text: `${program} ran and ended well.`, data }
      return { outcome: 'failed', reason: 'command_failed', text: `${program} ended with exit code ${ending.code}.`, data }
    case 'signalled':
      return { outcome: 'failed', reason: 'command_failed', text: `${program} was ended by ${ending.signal}.`, data }
    case 'timed_out':
      return { outcome: 'failed', reason: 'timed_out', text: `${program} was ended: it took longer than ${timeoutSeconds} s.`, data }
    case 'not_started':
    default:
      return { outcome: 'failed', reason: 'command_failed', text: `${program} could not be started: ${printable(ending.why)}`, data }
  }
}
