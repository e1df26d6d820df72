/** Owns the life of a part as a process: it runs until TERM or INT, reloads on HUP, and ends with an exit code that says how. */
import { UsageError, messageOf } from './errors.ts'
import type { Logger } from './log.ts'

export interface Part {
  reload(): Promise<void>
  close(): Promise<void>
}

/** An orderly end takes less than this; a supervisor need not wait longer. */
const CLOSE_MS_MAX = 8_000

/** Resolves when the part has been told to stop and has stopped. */
export async function runUntilStopped(part: Part, log: Logger): Promise<void> {
  const onHangup = (): void => {
    part.reload().catch((error: unknown) => {
      const why = error instanceof UsageError ? error.message : messageOf(error)
      log.error(`The new configuration is refused, the old one stays in force: ${why}`)
    })
  }
  process.on('SIGHUP', onHangup)
  const signal = await new Promise<NodeJS.Signals>((resolve) => {
    process.once('SIGTERM', resolve)
    process.once('SIGINT', resolve)
  })
  log.info(`Stopping (${signal})`)
  const force = setTimeout(() => process.exit(1), CLOSE_MS_MAX)
  await part.close()
  clearTimeout(force)
  process.off('SIGHUP', onHangup)
}
