/** Owns restarting by the user's own command: the program is up when a process of it has begun since. */
import type { Procfs } from '../../lib/linux/proc-process.ts'
import type { FindMembers } from '../suspects/group-members.ts'
import type { ServiceManager } from './service-manager.ts'
import { startedSince } from './started-since.ts'

/** `runRestart` runs the configured command: undefined when it ended well, else why not. */
export function createCommandManager(
  group: string,
  instance: string | undefined,
  procfs: Procfs,
  findMembers: FindMembers,
  runRestart: (signal: AbortSignal) => Promise<string | undefined>,
): ServiceManager {
  return {
    restart: (_name, signal) => runRestart(signal),
    stateOf: async (_name, since) => {
      const fresh = (await findMembers(group, instance)).filter((member) => startedSince(member.startTicks, since, procfs))
      const first = fresh[0]
      return {
        isUp: first !== undefined,
        instance: first === undefined ? '' : `${first.pid}:${first.startTicks}`,
        says: first === undefined ? `no process of ${group} has begun since` : `pid ${first.pid} runs`,
      }
    },
  }
}
