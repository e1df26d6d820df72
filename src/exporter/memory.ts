/**
 * Owns keeping the exporter's own memory small: how its process is started, and giving back what it holds and does not need.
 * What each part saves is in docs/benchmarks.md.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { getHeapStatistics } from 'node:v8'
import { bindMallocTrim } from '../lib/linux/malloc-trim.ts'

/**
 * For V8: small heaps over fast ones, and no helper threads, which on heaps of this size cost more CPU than they save time.
 * Collecting by hand is allowed.
 */
export const SMALL_NODE_FLAGS: readonly string[] = [
  '--optimize-for-size',
  '--max-semi-space-size=1',
  '--semi-space-growth-factor=1',
  '--single-threaded',
  '--v8-pool-size=1',
  '--expose-gc',
]

/** One heap of the C library for all threads (mallopt(3)): each more keeps free memory of its own. */
export const SMALL_ENVIRONMENT: Readonly<Record<string, string>> = { MALLOC_ARENA_MAX: '1' }

const LOOK_INTERVAL_MS = 1_000
/** Worth the 5 ms that a collection takes. */
const GARBAGE_BYTES_MIN = 3.5e6

/** Now and then collects garbage and gives what the C library holds free back to the kernel, until the signal. */
export async function keepSmall(signal: AbortSignal): Promise<void> {
  const trim = bindMallocTrim()
  const collectGarbage = createGarbageCollection()
  while (!signal.aborted) {
    await delay(LOOK_INTERVAL_MS, undefined, { ref: false, signal }).catch(() => undefined)
    collectGarbage()
    trim?.()
  }
}

/**
 * A function that collects this thread's garbage when there is enough of it. V8 by itself would wait until the heap is half as
 * large again. Does nothing where the process was not started with --expose-gc.
 */
export function createGarbageCollection(): () => void {
  const { gc } = globalThis
  if (gc === undefined) return () => undefined
  let kept = 0
  return () => {
    if (getHeapStatistics().used_heap_size - kept < GARBAGE_BYTES_MIN) return
    gc()
    kept = getHeapStatistics().used_heap_size
  }
}
