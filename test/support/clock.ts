/** Owns a clock that tests move by hand. */
import type { BootMoment, Clock } from '../../src/lib/clock.ts'

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
