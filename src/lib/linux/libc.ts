/** Owns the way into the C library through koffi: loading it when first needed and reading errno. Never knows a single call's meaning. */
import { createRequire } from 'node:module'
import { getSystemErrorName } from 'node:util'
import type * as Koffi from 'koffi'
import { OperationalError, messageOf } from '../errors.ts'
import { isSingleFile, loadEmbeddedAddon } from '../single-file.ts'

export interface Libc {
  /** Binds one C function by its prototype. Throws OperationalError `unsupported` where the library has no such function. */
  bind(prototype: string): ReturnType<Koffi.LibraryHandle['func']>
  /** The errno code of the call just made, such as `EPERM`; ask before anything else runs. */
  errno(): string
}

/**
 * Loads the C library this process already runs on (glibc or musl alike).
 * Throws OperationalError `unsupported` off Linux and where koffi has no binary for the platform.
 */
export function loadLibc(): Libc {
  if (process.platform !== 'linux')
    throw new OperationalError(`system calls of Linux are not available on ${process.platform}`, { reason: 'unsupported' })
  const { koffi, library } = loadKoffi()
  return {
    bind: (prototype) => {
      try {
        return library.func(prototype)
      } catch (error) {
        throw new OperationalError(`the C library has no ${prototype}: ${messageOf(error)}`, { reason: 'unsupported', cause: error })
      }
    },
    errno: () => errnoName(koffi.errno()),
  }
}

/** koffi is required, not imported: a platform it has no binary for must fail here, where the caller can go on without it. */
function loadKoffi(): { koffi: typeof Koffi; library: Koffi.LibraryHandle } {
  try {
    const koffi = isSingleFile() ? embeddedKoffi() : requireKoffi()
    // null is the process itself (dlopen(3)), so the library's file name, which differs between glibc and musl, does not matter.
    return { koffi, library: koffi.load(null) }
  } catch (error) {
    throw new OperationalError(
      `the C library cannot be reached through koffi on ${process.platform}-${process.arch}: ${messageOf(error)}`,
      {
        reason: 'unsupported',
        cause: error,
      },
    )
  }
}

function requireKoffi(): typeof Koffi {
  return createRequire(import.meta.url)('koffi')
}

/** The addon alone: what koffi's own JavaScript adds is finding it, and the names of former releases. Loaded once for a process. */
let embedded: typeof Koffi | undefined
function embeddedKoffi(): typeof Koffi {
  // oxlint-disable-next-line no-unsafe-type-assertion -- it is what was put into the executable as koffi's addon
  embedded ??= loadEmbeddedAddon() as typeof Koffi
  return embedded
}

function errnoName(errno: number): string {
  try {
    return getSystemErrorName(-errno)
  } catch {
    return `errno ${errno}`
  }
}
