/** Owns keeping the exporter's own memory small: how V8 grows its heaps, and giving back what the C library holds free. */
import { setFlagsFromString } from 'node:v8'
import { OperationalError } from '../lib/errors.ts'
import { loadLibc } from '../lib/linux/libc.ts'

/** Free memory of the C library is given back this often; it takes 0.3 to 1 ms. */
const TRIM_INTERVAL_MS = 1_000

/** mallopt(3): M_ARENA_MAX of malloc.h. */
const M_ARENA_MAX = -8

/**
 * Chooses small heaps over fast ones; call it before anything else is done. V8 reads these flags whenever it needs them, so they hold from now on, in threads that
 * start later too. Together they save 50 MB of garbage kept for later at 2,000 processes, and helper threads that cost more CPU
 * than they save time on heaps of this size (docs/benchmarks.md).
 */
export function preferSmallHeaps(): void {
  for (const flag of ['--optimize-for-size', '--semi-space-growth-factor=1', '--no-parallel-scavenge']) setFlagsFromString(flag)
  // One heap of the C library for all threads, which rarely ask at the same time: each more keeps some free memory of its own.
  bind('int mallopt(int parameter, int value)')?.(M_ARENA_MAX, 1)
}

/**
 * Trims now and then until the returned function is called. The C library keeps freed memory for each thread that ever asked
 * for some, and returns it only when told (malloc_trim(3), of glibc alone; elsewhere this does nothing).
 */
export function startTrimming(): () => void {
  const trim = bind('int malloc_trim(size_t pad)')
  if (trim === undefined) return () => undefined
  const timer = setInterval(() => trim(0), TRIM_INTERVAL_MS)
  timer.unref()
  return () => clearInterval(timer)
}

/** Undefined where the C library has no such function. */
function bind(prototype: string): ((...args: number[]) => unknown) | undefined {
  try {
    return loadLibc().bind(prototype)
  } catch (error) {
    if (error instanceof OperationalError) return undefined
    throw error
  }
}
