/**
 * Owns reading files that anybody may have made: never a link, a device or a pipe, never waiting, and on threads of Node's pool, so
 * that a disk that hangs holds up nothing but further looks at files.
 */
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { lstat, open, type FileHandle } from 'node:fs/promises'
import { errnoOf } from '../../lib/errors.ts'
import type { FileFacts, FileReader } from '../duplicates.ts'

const CHUNK_BYTES = 1 << 16
/** open(2) of Linux: reading leaves no trace in the file. For its owner and root only. The same on x86 and generic architectures. */
const O_NOATIME = process.platform === 'linux' && constants.O_NOATIME !== undefined ? constants.O_NOATIME : 0

export function createFileReader(): FileReader {
  const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES)
  return {
    look: async (path) => {
      try {
        const stats = await lstat(path)
        return stats.isFile() ? { sizeBytes: stats.size, id: `${stats.dev}:${stats.ino}` } : undefined
      } catch (error) {
        return without(error)
      }
    },
    hash: async (path, facts) => {
      let file: FileHandle | undefined
      try {
        file = await openQuietly(path)
        return await hashOf(file, facts, chunk)
      } catch (error) {
        return without(error)
      } finally {
        await file?.close().catch(() => undefined)
      }
    },
  }
}

async function openQuietly(path: string | Buffer): Promise<FileHandle> {
  // O_NONBLOCK: a pipe put in the file's place must not be waited for.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY
  try {
    return await open(path, flags | O_NOATIME)
  } catch (error) {
    if (errnoOf(error) !== 'EPERM') throw error
    return open(path, flags)
  }
}

/** Undefined when it is another file by now, or grows. One chunk at a time is hashed here, which takes some 50 µs. */
async function hashOf(file: FileHandle, facts: FileFacts, chunk: Buffer): Promise<string | undefined> {
  const stats = await file.stat()
  if (!stats.isFile() || `${stats.dev}:${stats.ino}` !== facts.id || stats.size !== facts.sizeBytes) return undefined
  const hash = createHash('sha256')
  let at = 0
  while (at < facts.sizeBytes) {
    const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, at)
    if (bytesRead === 0) return undefined
    hash.update(chunk.subarray(0, bytesRead))
    at += bytesRead
  }
  return at === facts.sizeBytes ? hash.digest('hex') : undefined
}

/** Files come and go, and some are not for us to read. */
function without(error: unknown): undefined {
  if (errnoOf(error) === undefined) throw error
  return undefined
}
