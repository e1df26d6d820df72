/**
 * Owns telling the service manager how this process is (sd_notify(3)): ready, reloading, stopping, and alive as long as its event
 * loop turns. Does nothing where nobody listens, and never fails the part: who cannot be told is told about once in the log.
 */
import { messageOf } from '../errors.ts'
import { loadLibc, type Libc } from '../linux/libc.ts'
import { openDatagramSocket, type DatagramSocket } from '../linux/unix-datagram.ts'
import type { Logger } from '../log.ts'
import { serviceManagerSettings, type ServiceManagerSettings } from './config.ts'

export interface ServiceManager {
  /** It serves; also after a reload. `status` is what `systemctl status` shows. From the first time on the watchdog is fed. */
  ready(status?: string): void
  reloading(): void
  stopping(): void
  close(): void
}

/** How soon what did not fit into the manager's queue is sent again. */
const RETRY_MS = 100
/** Each message replaces what was said before it, so that nobody misses what is dropped beyond this. */
const WAITING_MAX = 16

/** For the process that this is. */
export function connectServiceManager(log: Logger, settings: ServiceManagerSettings = serviceManagerSettings()): ServiceManager {
  return settings.notifySocket === undefined ? SILENT : new Notifier(settings, () => loadLibc(), log)
}

const SILENT: ServiceManager = { ready: () => undefined, reloading: () => undefined, stopping: () => undefined, close: () => undefined }

class Notifier implements ServiceManager {
  readonly #log: Logger
  readonly #watchdogMs: number | undefined
  #socket: DatagramSocket | undefined
  #waiting: string[] = []
  #retry: NodeJS.Timeout | undefined
  #watchdog: NodeJS.Timeout | undefined
  #isToldOf = false

  constructor({ notifySocket, watchdogMs }: ServiceManagerSettings, libc: () => Libc, log: Logger) {
    this.#log = log
    this.#watchdogMs = watchdogMs
    this.#try(() => {
      this.#socket = openDatagramSocket(libc(), notifySocket ?? '')
    })
  }

  ready(status = 'Serving'): void {
    this.#say(`READY=1\nSTATUS=${status.replaceAll(/\s+/g, ' ')}`)
    this.#watch()
  }

  /** With the time of the request: Type=notify-reload takes an answer without it for that of an earlier one. */
  reloading(): void {
    this.#say(`RELOADING=1\nMONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`)
  }

  stopping(): void {
    this.#say('STOPPING=1\nSTATUS=Stopping')
  }

  close(): void {
    clearInterval(this.#watchdog)
    clearTimeout(this.#retry)
    this.#socket?.close()
    this.#socket = undefined
    this.#waiting = []
  }

  /** Twice in the time given, as sd_watchdog_enabled(3) asks for. On the main thread's loop: one that is stuck says nothing. */
  #watch(): void {
    if (this.#watchdogMs === undefined || this.#watchdog !== undefined) return
    this.#say('WATCHDOG=1')
    // The next says the same, so that one which does not fit need not wait.
    this.#watchdog = setInterval(() => this.#try(() => this.#socket?.send('WATCHDOG=1')), this.#watchdogMs / 2)
    this.#watchdog.unref()
  }

  #say(message: string): void {
    if (this.#socket === undefined) return
    this.#waiting = [...this.#waiting, message].slice(-WAITING_MAX)
    this.#flush()
  }

  /** In order: a READY that overtakes its RELOADING would leave the manager waiting. */
  #flush(): void {
    clearTimeout(this.#retry)
    this.#try(() => {
      for (const message of this.#waiting.slice()) {
        if (this.#socket?.send(message) === false) {
          this.#retry = setTimeout(() => this.#flush(), RETRY_MS)
          this.#retry.unref()
          return
        }
        this.#waiting.shift()
      }
    })
  }

  #try(speak: () => void): void {
    try {
      speak()
    } catch (error) {
      this.#waiting = []
      if (this.#isToldOf) return
      this.#isToldOf = true
      this.#log.warn(`The service manager cannot be told how this part is: ${messageOf(error)}`)
    }
  }
}
