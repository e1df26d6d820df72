/** Owns restarting an application of pm2 and asking how it is (`pm2 jlist`). */
import { z } from 'zod'
import type { ServiceManager } from './service-manager.ts'
import type { Tool } from './tool.ts'

const Application = z.object({
  pid: z.number().optional(),
  pm_id: z.number(),
  name: z.string(),
  pm2_env: z.object({ status: z.string(), pm_uptime: z.number().optional(), restart_time: z.number().optional() }),
})
type Application = z.infer<typeof Application>

export interface Pm2 extends ServiceManager {
  /** The number of the application that one of these processes belongs to, or that has this name. */
  find(pids: readonly number[], name: string, signal: AbortSignal): Promise<string | undefined>
}

export function createPm2(pm2: Tool): Pm2 {
  const list = async (signal: AbortSignal): Promise<readonly Application[] | undefined> => {
    const answer = await pm2.ask(['jlist'], signal)
    return answer.ok ? parseList(answer.text) : undefined
  }
  return {
    find: async (pids, name, signal) => {
      const applications = (await list(signal)) ?? []
      const found =
        applications.find((application) => application.pid !== undefined && application.pid > 0 && pids.includes(application.pid)) ??
        applications.find((application) => application.name === name)
      return found && String(found.pm_id)
    },
    restart: async (id, signal) => {
      const answer = await pm2.ask(['restart', id], signal)
      return answer.ok ? undefined : answer.why
    },
    stateOf: async (id, since, signal) => {
      const application = (await list(signal))?.find(({ pm_id: number }) => String(number) === id)
      if (application === undefined) return undefined
      const { status, pm_uptime: upSinceMs = 0, restart_time: restarts = 0 } = application.pm2_env
      return { isUp: status === 'online' && upSinceMs >= since.wallMs, instance: `${restarts}:${application.pid ?? 0}`, says: status }
    },
  }
}

/** pm2 may print a greeting before the list. */
export function parseList(text: string): readonly Application[] | undefined {
  const at = text.indexOf('[{')
  try {
    return z.array(Application).parse(JSON.parse(at < 0 ? '[]' : text.slice(at)))
  } catch {
    return undefined
  }
}
