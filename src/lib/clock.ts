/** Owns time: the wall clock, the boot clock and waiting. Injected everywhere, so that tests move time by hand. */
import { readFileSync } from 'node:fs'
import os from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'

/** A moment on the boot clock: unaffected by wall-clock jumps, comparable only within one boot. */
export interface BootMoment {
  /** Changes with every boot of the machine. */
  readonly bootId: string
  /** Milliseconds since boot, suspended time included. */
  readonly ms: number
}

export interface Clock {
  /** Milliseconds since the Unix epoch. */
  nowMs(): number
  boot(): BootMoment
  /** Resolves after `ms`; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** The machine's own clock. The boot clock is /proc/uptime (proc(5): includes suspend), elsewhere `os.uptime()`. */
export function systemClock(): Clock {
  const bootId = readBootId()
  return {
    nowMs: () => Date.now(),
    boot: () => ({ bootId, ms: uptimeMs() }),
    sleep: async (ms, signal) => {
      await delay(ms, undefined, signal ? { signal } : {})
    },
  }
}

/** Milliseconds since boot at the kernel's resolution of 10 ms. */
export function uptimeMs(): number {
  try {
    return Math.round(Number.parseFloat(readFileSync('/proc/uptime', 'latin1')) * 1000)
  } catch {
    return Math.round(os.uptime() * 1000)
  }
}

function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
  } catch {
    // Without a boot id from the kernel the boot's own minute stands in for it.
    return `boot-${Math.round((Date.now() / 1000 - os.uptime()) / 60)}`
  }
}
