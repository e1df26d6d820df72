/** Owns the contract of what restarts programs: systemd, docker, pm2, or a command of the user's. One file for each. */
import type { BootMoment } from '../../lib/clock.ts'

export interface Since {
  readonly wallMs: number
  readonly boot: BootMoment
}

export interface ServiceState {
  /** Running since after the given moment. */
  readonly isUp: boolean
  /** Changes with each start: a service that came up and fell again is not up. */
  readonly instance: string
  /** For people, such as `activating`. */
  readonly says: string
}

export interface ServiceManager {
  /** Asks for the restart. Undefined when it was taken, else why not, for people. Rejects only with the signal's reason. */
  restart(name: string, signal: AbortSignal): Promise<string | undefined>
  /** Undefined when it could not be asked. */
  stateOf(name: string, since: Since, signal: AbortSignal): Promise<ServiceState | undefined>
}
