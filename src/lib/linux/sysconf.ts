/** Owns the kernel's units (clock ticks, page size), read from the auxiliary vector it gives every process. Never guesses silently. */
import { readFileSync } from 'node:fs'
import os from 'node:os'

export interface KernelUnits {
  /** Ticks per second of the times in /proc/PID/stat (USER_HZ). */
  readonly clockTicksPerSecond: number
  readonly pageSizeBytes: number
}

/** getauxval(3); the values are those of linux/auxvec.h. */
const AT_PAGESZ = 6
const AT_CLKTCK = 17
/** USER_HZ is 100 on every architecture that Node runs on; the page size varies only on arm64 and ppc64. */
const USUAL_UNITS: KernelUnits = { clockTicksPerSecond: 100, pageSizeBytes: 4096 }

/** The units of the running kernel; the usual ones where the auxiliary vector cannot be read. */
export function readKernelUnits(): KernelUnits {
  try {
    return parseAuxv(readFileSync('/proc/self/auxv'))
  } catch {
    return USUAL_UNITS
  }
}

/** Reads pairs of 64-bit words (Node 24 runs on 64-bit Linux only); absent or absurd entries take the usual values. */
export function parseAuxv(bytes: Buffer): KernelUnits {
  const word = (at: number): number => Number(os.endianness() === 'LE' ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at))
  let { clockTicksPerSecond, pageSizeBytes } = USUAL_UNITS
  for (let at = 0; at + 16 <= bytes.length; at += 16) {
    const value = word(at + 8)
    if (value <= 0) continue
    if (word(at) === AT_CLKTCK) clockTicksPerSecond = value
    if (word(at) === AT_PAGESZ) pageSizeBytes = value
  }
  return { clockTicksPerSecond, pageSizeBytes }
}
