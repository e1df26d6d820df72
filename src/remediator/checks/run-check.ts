/** Owns running one check, whatever its kind: within its time, never throwing but for the caller's own signal. */
import { OperationalError, messageOf } from '../../lib/errors.ts'
import { printable } from '../../lib/log.ts'
import type { CheckTools } from './check-tools.ts'
import { runCommandCheck, runSql } from './command-check.ts'
import type { CheckDefinition } from './definition.ts'
import { runHttp } from './http-check.ts'
import { runMemoryGrowth } from './memory-growth-check.ts'
import { failed, type Measured } from './result.ts'
import { runRoundtrip } from './roundtrip-check.ts'
import { runTcp } from './tcp-check.ts'

/** What can only be said of this place, not of what is checked. */
const NOT_HERE: ReadonlySet<string> = new Set(['unknown_place', 'memory_unknown', 'load_failed'])
/** Beyond its own time: for its programs to be ended. */
const GRACE_MS = 4_000

export async function runCheck(check: CheckDefinition, tools: CheckTools, signal: AbortSignal): Promise<Measured> {
  const own = new AbortController()
  let timer: NodeJS.Timeout | undefined
  try {
    // Our own program's start is no part of what is checked.
    if (check.kind === 'http' || check.kind === 'memory-growth') await tools.load.ready(signal)
    timer = setTimeout(() => own.abort(new Error('the check took too long')), check.timeout_seconds * 1000 + GRACE_MS)
    return await runKind(check, tools, AbortSignal.any([signal, own.signal]))
  } catch (error) {
    signal.throwIfAborted()
    const text = `${printable(messageOf(error)).replace(/\.$/, '')}.`
    if (own.signal.aborted) return { outcome: 'timed_out', text: `It did not end within ${check.timeout_seconds} s.`, figures: {} }
    if (error instanceof OperationalError && NOT_HERE.has(error.reason)) return { outcome: 'skipped', text: capital(text), figures: {} }
    return failed(capital(text))
  } finally {
    clearTimeout(timer)
  }
}

function runKind(check: CheckDefinition, tools: CheckTools, signal: AbortSignal): Promise<Measured> {
  switch (check.kind) {
    case 'http':
      return runHttp(check, tools, signal)
    case 'tcp':
      return runTcp(check, tools, signal)
    case 'command':
      return runCommandCheck(check, tools, signal)
    case 'sql':
      return runSql(check, tools, signal)
    case 'memory-growth':
      return runMemoryGrowth(check, tools, signal)
    case 'webhook-roundtrip':
      return runRoundtrip(check, tools, signal)
    default:
      return Promise.reject(new Error('assertion failed: the configuration was checked'))
  }
}

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`
}
