/** Owns restarting a container and asking how it is (docker-restart(1), docker-inspect(1); podman answers alike). */
import { z } from 'zod'
import type { ServiceManager } from './service-manager.ts'
import type { Tool } from './tool.ts'

const State = z.object({
  Status: z.string().default(''),
  Running: z.boolean(),
  Restarting: z.boolean().default(false),
  StartedAt: z.string(),
  Health: z.object({ Status: z.string() }).optional().nullable(),
})

/** What podman says of an image without one; docker says nothing. */
const NO_HEALTH_CHECK = ''

export function createDocker(docker: Tool): ServiceManager {
  return {
    restart: async (container, signal) => {
      const answer = await docker.ask(['restart', '--', container], signal)
      return answer.ok ? undefined : answer.why
    },
    stateOf: async (container, since, signal) => {
      const answer = await docker.ask(['inspect', '--type=container', '--format={{json .State}}', '--', container], signal)
      if (!answer.ok) return undefined
      const state = parseState(answer.text)
      if (state === undefined) return undefined
      // Its own health check, where the image has one, knows better than the kernel.
      const healthStatus = state.Health?.Status ?? NO_HEALTH_CHECK
      const isHealthy = healthStatus === 'healthy' || healthStatus === 'none' || healthStatus === NO_HEALTH_CHECK
      const isNew = Date.parse(state.StartedAt) >= since.wallMs
      const health = healthStatus === NO_HEALTH_CHECK ? '' : `, ${healthStatus}`
      return { isUp: state.Running && !state.Restarting && isHealthy && isNew, instance: state.StartedAt, says: `${state.Status}${health}` }
    },
  }
}

function parseState(text: string): z.infer<typeof State> | undefined {
  try {
    return State.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}
