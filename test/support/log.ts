/** Owns a logger that keeps its lines for tests to read. */
import type { Logger } from '../../src/lib/log.ts'

export interface KeptLog extends Logger {
  readonly lines: ReadonlyArray<{ readonly level: string; readonly message: string }>
}

export function keptLog(): KeptLog {
  const lines: Array<{ level: string; message: string }> = []
  const at = (level: string) => (message: string) => void lines.push({ level, message })
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
