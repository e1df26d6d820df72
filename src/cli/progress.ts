/** Owns the progress bar: one line on the terminal's standard error, nothing where there is no terminal. */
import { printable } from '../lib/log.ts'

export interface Progress {
  /** `share` from 0 to 1. */
  show(share: number, what: string): void
  /** Removes the line. */
  end(): void
}

const BAR = 30
const REDRAW_MS = 100

export function createProgress(out: NodeJS.WriteStream = process.stderr): Progress {
  if (!out.isTTY) return { show: () => undefined, end: () => undefined }
  const startedMs = performance.now()
  let drawnMs = Number.NEGATIVE_INFINITY
  return {
    show: (share, what) => {
      const nowMs = performance.now()
      if (nowMs - drawnMs < REDRAW_MS && share < 1) return
      drawnMs = nowMs
      const done = Math.max(0, Math.min(1, share))
      const bar = '#'.repeat(Math.round(done * BAR)).padEnd(BAR)
      const left = done > 0.02 ? `, ${remaining(((nowMs - startedMs) / done) * (1 - done))} left` : ''
      out.write(`\r\u001b[K${`[${bar}] ${Math.floor(done * 100)} %${left}  ${printable(what)}`.slice(0, Math.max(20, out.columns - 1))}`)
    },
    end: () => void out.write('\r\u001b[K'),
  }
}

function remaining(ms: number): string {
  const seconds = Math.ceil(ms / 1000)
  return seconds < 90 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`
}
