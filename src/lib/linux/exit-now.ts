/** Owns ending this process while a thread of it is stuck in the kernel, which an ordinary exit would wait for. */
import type { Libc } from './libc.ts'

/** _exit(2): no exit handler runs and no thread is waited for. Throws OperationalError `unsupported` where the C library lacks it. */
export function createExitNow(libc: Libc): (code: number) => void {
  return libc.bind('void _exit(int)')
}
