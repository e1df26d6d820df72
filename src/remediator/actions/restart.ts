/** Owns restarting a program through whatever manages it. What is not up, and stays up, within its time is a failed restart. */
import { assert } from '../../lib/errors.ts'
import { printable } from '../../lib/log.ts'
import type { Procfs } from '../../lib/linux/proc-process.ts'
import { runCommand } from '../../lib/run-command.ts'
import type { Managed } from '../target.ts'
import { createCommandManager } from '../services/command-manager.ts'
import type { ServiceManager } from '../services/service-manager.ts'
import type { FindMembers } from '../suspects/group-members.ts'
import { occasionEnvironment, occasionJson } from './alert-environment.ts'
import type { Action, ActionRequest, ActionResult } from './action.ts'

export interface RestartOptions {
  readonly managers: Readonly<Record<Exclude<Managed['manager'], 'command'>, ServiceManager>>
  readonly procfs: Procfs
  readonly findMembers: FindMembers
  readonly environment: Readonly<Record<string, string>>
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
}

const LOOK_AGAIN_MS = 250
/** For the user's command to return; what it started goes on. */
const COMMAND_TIMEOUT_MS = 60_000
const OUTPUT_BYTES_MAX = 65_536

export function createRestart(options: RestartOptions): Action {
  return {
    run: async (request, signal) => {
      const { target, step } = request
      assert(step.action === 'restart', 'this is the restart action')
      const { managed } = target
      if (managed === undefined) return failed(`Nothing is known that restarts ${target.group}.`)
      const manager = managerOf(managed, request, options)
      const refusal = await manager.restart(managed.name, signal)
      if (refusal !== undefined) return failed(`${whatOf(managed, target.group)} could not be restarted: ${refusal}.`)
      request.note({
        event: 'restart.asked',
        text: `Asked ${managed.manager} to restart ${target.group} (${managed.name}).`,
        data: { ...managed },
      })
      return waitUntilUp(manager, request, options, signal)
    },
    // A restart is not asked for twice: whether the first one worked shows in whether it is up.
    look: async (request, signal) => {
      const { target, step } = request
      assert(step.action === 'restart', 'this is the restart action')
      if (target.managed === undefined) return { kind: 'undone' }
      const result = await waitUntilUp(managerOf(target.managed, request, options), request, options, signal)
      return result.outcome === 'restarted' ? { kind: 'done', result } : { kind: 'unknown' }
    },
  }
}

async function waitUntilUp(
  manager: ServiceManager,
  request: ActionRequest,
  { sleep }: RestartOptions,
  signal: AbortSignal,
): Promise<ActionResult> {
  const { target, step, begunAt } = request
  assert(step.action === 'restart' && target.managed, 'a restart has a manager')
  const { managed } = target
  const what = whatOf(managed, target.group)
  const end = performance.now() + step.up_within_seconds * 1000
  let up: { instance: string; sinceMs: number } | undefined
  let says = ''
  for (;;) {
    const state = await manager.stateOf(managed.name, begunAt, signal)
    const nowMs = performance.now()
    says = state?.says ?? `${managed.manager} does not answer`
    if (state === undefined || !state.isUp) up = undefined
    else if (up?.instance !== state.instance) up = { instance: state.instance, sinceMs: nowMs }
    if (up && nowMs - up.sinceMs >= step.settle_seconds * 1000)
      return { outcome: 'restarted', reason: 'none', text: `${what} was restarted and is up: ${printable(says)}.`, data: { ...managed } }
    if (nowMs >= end && (up === undefined || nowMs >= end + step.settle_seconds * 1000))
      return failed(`${what} did not come up within ${step.up_within_seconds} s: ${printable(says)}.`)
    await sleep(LOOK_AGAIN_MS, signal)
  }
}

function managerOf(managed: Managed, request: ActionRequest, options: RestartOptions): ServiceManager {
  if (managed.manager !== 'command') return options.managers[managed.manager]
  return createCommandManager(
    request.target.group,
    request.incident.labels['instance'],
    options.procfs,
    options.findMembers,
    async (signal) => {
      const { step, incident, target, policy, attempt } = request
      assert(step.action === 'restart' && step.command, 'the policy says which command')
      const occasion = { incident, target, policy: policy.name, attempt }
      const { ending, stderr } = await runCommand(
        {
          argv: step.command,
          stdin: `${occasionJson(occasion)}\n`,
          environment: { ...options.environment, ...occasionEnvironment(occasion) },
          timeoutMs: COMMAND_TIMEOUT_MS,
          outputBytesMax: OUTPUT_BYTES_MAX,
        },
        signal,
      )
      if (ending.kind === 'exited' && ending.code === 0) return undefined
      const how =
        ending.kind === 'exited'
          ? `exit code ${ending.code}`
          : ending.kind === 'signalled'
            ? ending.signal
            : ending.kind === 'timed_out'
              ? 'it took too long'
              : ending.why
      return printable(`${step.command[0]}: ${how} ${stderr.trim()}`).slice(0, 300).trim()
    },
  )
}

function whatOf({ manager, name }: Managed, group: string): string {
  return manager === 'command' ? group : `${group} (${manager} ${name})`
}

function failed(text: string): ActionResult {
  return { outcome: 'failed', reason: 'not_started', text }
}
