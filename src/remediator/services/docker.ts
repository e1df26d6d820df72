/** Owns restarting a container and asking how it is (docker-restart(1), docker-inspect(1)). */
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
      const isHealthy =
        state.Health === undefined || state.Health === null || state.Health.Status === 'healthy' || state.Health.Status === 'none'
      const isNew = Date.parse(state.StartedAt) >= since.wallMs
      const health = state.Health ? `, ${state.Health.Status}` : ''
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
