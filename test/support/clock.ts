/** Owns a clock that tests move by hand. */
import { systemClock, type BootMoment, type Clock } from '../../src/lib/clock.ts'

export class FakeClock implements Clock {
  now = Date.parse('2026-01-01T00:00:00Z')
  bootId = 'boot-1'
  bootMs = 1_000_000

  nowMs(): number {
    return this.now
  }

  boot(): BootMoment {
    return { bootId: this.bootId, ms: this.bootMs }
  }

  /** Both clocks move, as they do while a machine runs. */
  advance(ms: number): void {
    this.now += ms
    this.bootMs += ms
  }

  reboot(): void {
    this.bootId = `${this.bootId}+`
    this.bootMs = 5_000
  }

  async sleep(ms: number): Promise<void> {
    this.advance(ms)
  }
}

/** The machine's own clocks, which a test may move forward; only what is slept takes real time. */
export function shiftedClock(): Clock & { advance(ms: number): void } {
  const machine = systemClock()
  let shiftMs = 0
  return {
    nowMs: () => machine.nowMs() + shiftMs,
    boot: () => ({ ...machine.boot(), ms: machine.boot().ms + shiftMs }),
    sleep: (ms, signal) => machine.sleep(ms, signal),
    advance: (ms) => (shiftMs += ms),
  }
}
