/**
 * Owns finding what a program is restarted by: what the policy says, else where its processes run (container, unit, pm2), else
 * what was last known of it. Never names the unit or container that procwarden itself runs in, nor one that is never touched.
 */
import type { ProcessIdentity } from '../../lib/linux/proc-process.ts'
import type { StepOf } from '../policies/steps.ts'
import type { Managed } from '../target.ts'
import type { Pm2 } from './pm2.ts'

export interface FindManagerOptions {
  readonly pm2: Pm2
  /** Where procwarden itself runs. */
  readonly own: { readonly unit?: string; readonly container?: string }
  /** Unit and container of a program that has no process now, as Prometheus last knew them. */
  readonly lastKnown: (group: string) => Promise<{ readonly unit?: string; readonly container?: string }>
}

export type FoundManager = Managed | { readonly manager: 'none'; readonly why: string }

/** Units that a restart would not help or that many others hang on: whole sessions, slices of users, the machine's own. */
const NOT_A_SERVICE = /^(?:session-.*\.scope|init\.scope|user@\d+\.service|user-runtime-dir@.*|.*\.slice|.*\.mount|.*\.swap)$/

export async function findManager(
  group: string,
  members: readonly ProcessIdentity[],
  step: StepOf<'restart'>,
  { pm2, own, lastKnown }: FindManagerOptions,
  signal: AbortSignal,
): Promise<FoundManager> {
  const { manager, unit, container, command } = step
  if (manager === 'command' && command !== undefined) return { manager: 'command', name: command[0] ?? '' }
  if (unit !== undefined) return { manager: 'systemd', name: unit }
  if (container !== undefined) return { manager: 'docker', name: container }
  const known = members.length > 0 ? undefined : await lastKnown(group)
  const wants = (name: 'systemd' | 'docker' | 'pm2'): boolean => manager === 'auto' || manager === name
  const inContainer = members.find((member) => member.container !== undefined)?.container ?? known?.container
  if (wants('docker') && inContainer !== undefined && inContainer !== own.container) return { manager: 'docker', name: inContainer }
  // pm2 itself is often a unit: restarting that would restart everything that pm2 runs.
  const application = wants('pm2')
    ? await pm2.find(
        members.map(({ pid }) => pid),
        group,
        signal,
      )
    : undefined
  if (application !== undefined) return { manager: 'pm2', name: application }
  const inUnit = members.find((member) => member.unit !== undefined && !NOT_A_SERVICE.test(member.unit))?.unit ?? known?.unit
  if (wants('systemd') && inUnit !== undefined && inUnit !== own.unit && !NOT_A_SERVICE.test(inUnit))
    return { manager: 'systemd', name: inUnit }
  if (command !== undefined) return { manager: 'command', name: command[0] ?? '' }
  const whereabouts =
    members.length > 0
      ? 'its processes are in no unit, no container and not in pm2'
      : 'it has no process now, and where it ran is not known'
  return { manager: 'none', why: `${group} cannot be restarted: ${whereabouts}. Say how in its policy: unit, container or command` }
}
