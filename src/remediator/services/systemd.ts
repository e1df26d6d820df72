/** Owns restarting a unit of systemd and asking how it is (systemctl(1)). */
import { readStat, type Procfs } from '../../lib/linux/proc-process.ts'
import type { ServiceManager } from './service-manager.ts'
import { startedSince } from './started-since.ts'
import type { Tool } from './tool.ts'

export function createSystemd(systemctl: Tool, procfs: Procfs): ServiceManager {
  return {
    restart: async (unit, signal) => {
      // Without waiting: a unit that takes long to come up is looked at, not waited for in systemctl.
      const answer = await systemctl.ask(['--no-ask-password', '--no-block', 'restart', '--', unit], signal)
      return answer.ok ? undefined : answer.why
    },
    stateOf: async (unit, since, signal) => {
      const answer = await systemctl.ask(['show', '--property=ActiveState,SubState,MainPID,InvocationID', '--', unit], signal)
      if (!answer.ok) return undefined
      const { ActiveState = '', SubState = '', MainPID = '0', InvocationID = '' } = parseProperties(answer.text)
      const pid = Number(MainPID)
      const stat = pid > 0 ? readStat(pid, procfs) : undefined
      // A unit without a main process (oneshot, forking without a pid file) has only its own word.
      const isNew = pid > 0 ? stat !== undefined && startedSince(stat.startTicks, since, procfs) : true
      return { isUp: ActiveState === 'active' && isNew, instance: `${InvocationID}:${pid}`, says: `${ActiveState} (${SubState})` }
    },
  }
}

/** `NAME=VALUE` lines; a value may hold more equal signs. */
export function parseProperties(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split('\n').flatMap((line) => {
      const at = line.indexOf('=')
      return at > 0 ? [[line.slice(0, at), line.slice(at + 1)]] : []
    }),
  )
}
