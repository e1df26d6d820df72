/** Owns asking a service manager's own program, such as systemctl: bounded, and its complaint as one sentence. */
import { assert } from '../../lib/errors.ts'
import { printable } from '../../lib/log.ts'
import { runCommand } from '../../lib/run-command.ts'

export interface Tool {
  /** Its standard output, or why it has none. Rejects only with the signal's reason. */
  ask(
    args: readonly string[],
    signal: AbortSignal,
  ): Promise<{ readonly ok: true; readonly text: string } | { readonly ok: false; readonly why: string; readonly isMissing?: true }>
}

/** The first of them that is installed, looked for with each question. */
export function firstInstalled(tools: readonly Tool[]): Tool {
  const [first, ...others] = tools
  assert(first !== undefined, 'there is a tool to choose')
  return {
    ask: async (args, signal) => {
      const answer = await first.ask(args, signal)
      return answer.ok || answer.isMissing !== true || others.length === 0 ? answer : firstInstalled(others).ask(args, signal)
    },
  }
}

const OUTPUT_BYTES_MAX = 4_194_304
const WHY_LENGTH_MAX = 300

export function createTool(program: string, environment: Readonly<Record<string, string>>, timeoutMs: number): Tool {
  return {
    ask: async (args, signal) => {
      const { ending, stdout, stderr } = await runCommand(
        { argv: [program, ...args], environment, timeoutMs, outputBytesMax: OUTPUT_BYTES_MAX },
        signal,
      )
      if (ending.kind === 'exited' && ending.code === 0) return { ok: true, text: stdout }
      const said = printable((stderr.trim() || stdout.trim()).split('\n').at(-1) ?? '').slice(0, WHY_LENGTH_MAX)
      if (ending.kind === 'not_started')
        return { ok: false, why: `${program} could not be started: ${printable(ending.why).slice(0, WHY_LENGTH_MAX)}`, isMissing: true }
      if (ending.kind === 'timed_out') return { ok: false, why: `${program} did not answer within ${timeoutMs / 1000} s` }
      const how = ending.kind === 'exited' ? `exit code ${ending.code}` : ending.signal
      return { ok: false, why: `${program} ended with ${how}${said === '' ? '' : `: ${said}`}` }
    },
  }
}
