/** Owns keeping the memory of a part that runs for months small. */
import { setFlagsFromString } from 'node:v8'
import { bindMallocTrim } from '../lib/linux/malloc-trim.ts'

const TRIM_INTERVAL_MS = 1_000

/**
 * To be called before the part's modules are loaded. One delivery of thousands of alerts would have V8 grow the space for young
 * objects to 16 MB three times over, and keep it; V8 reads both flags whenever that space would grow. Compiling and garbage leave
 * a tenth of the process free and unreturned (docs/benchmarks.md has the figures).
 */
export function keepSmall(): void {
  for (const flag of ['--semi-space-growth-factor=1', '--optimize-for-size']) setFlagsFromString(flag)
  setTimeout(() => {
    const trim = bindMallocTrim()
    if (trim !== undefined) setInterval(trim, TRIM_INTERVAL_MS).unref()
  }, TRIM_INTERVAL_MS).unref()
}
