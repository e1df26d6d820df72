/** Owns what a service manager says in the environment: where it listens and how often it wants to hear. Never speaks to it. */

export interface ServiceManagerSettings {
  /** An absolute path, or `@NAME` in the abstract namespace (sd_notify(3)); undefined when nobody listens. */
  readonly notifySocket: string | undefined
  /** The part is taken for dead when it has said nothing for so long; undefined when nobody watches (sd_watchdog_enabled(3)). */
  readonly watchdogMs: number | undefined
}

/** More would be no interval any more: longer than a timer of Node can wait. */
const WATCHDOG_USEC_MAX = 2_147_483_647_000

/** Of this process, unless `WATCHDOG_PID` says that another one is meant: environments are inherited. */
export function serviceManagerSettings(environment: NodeJS.ProcessEnv = process.env, pid: number = process.pid): ServiceManagerSettings {
  const { NOTIFY_SOCKET: notifySocket, WATCHDOG_USEC: usec, WATCHDOG_PID: watchedPid } = environment
  const isMeant = watchedPid === undefined || watchedPid === '' || watchedPid === String(pid)
  const isInterval = usec !== undefined && /^[1-9]\d{0,15}$/.test(usec) && Number(usec) <= WATCHDOG_USEC_MAX
  return {
    notifySocket: notifySocket === '' ? undefined : notifySocket,
    watchdogMs: isMeant && isInterval ? Number(usec) / 1000 : undefined,
  }
}
