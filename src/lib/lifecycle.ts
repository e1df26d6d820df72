/** Owns the life of a part as a process: it runs until TERM or INT, reloads on HUP, and ends with an exit code that says how. */
import { UsageError, messageOf } from './errors.ts'
import type { Logger } from './log.ts'
import { connectServiceManager } from './systemd/service-manager.ts'

export interface Part {
  reload(): Promise<void>
  close(): Promise<void>
}

/** An orderly end takes less than this; a supervisor need not wait longer. */
const CLOSE_MS_MAX = 8_000

/** Resolves when the part, which serves already, has been told to stop and has stopped. The service manager is kept informed. */
export async function runUntilStopped(part: Part, log: Logger): Promise<void> {
  const manager = connectServiceManager(log)
  const onHangup = (): void => {
    manager.reloading()
    part.reload().then(
      () => manager.ready(),
      (error: unknown) => {
        const why = error instanceof UsageError ? error.message : messageOf(error)
        log.error(`The new configuration is refused, the old one stays in force: ${why}`)
        manager.ready('Serving with the old configuration: the new one was refused')
      },
    )
  }
  process.on('SIGHUP', onHangup)
  const stopped = new Promise<NodeJS.Signals>((resolve) => {
    process.once('SIGTERM', resolve)
    process.once('SIGINT', resolve)
  })
  manager.ready()
  const signal = await stopped
  manager.stopping()
  log.info(`Stopping (${signal})`)
  const force = setTimeout(() => process.exit(1), CLOSE_MS_MAX)
  await part.close()
  clearTimeout(force)
  process.off('SIGHUP', onHangup)
  manager.close()
}
