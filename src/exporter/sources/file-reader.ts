/**
 * Owns reading files that anybody may have made: never a link, a device or a pipe, never waiting, and on threads of Node's pool, so
 * that a disk that hangs holds up nothing but further looks at files.
 */
import { closeSync, constants, fstatSync, lstat, open, read, type Stats } from 'node:fs'
import { errnoOf } from '../../lib/errors.ts'
import type { FileFacts, FileReader } from '../duplicates.ts'

const CHUNK_BYTES = 1 << 16
/** open(2) of Linux: reading leaves no trace in the file. For its owner and root only. */
const O_NOATIME = process.platform === 'linux' ? constants.O_NOATIME : 0
/** O_NONBLOCK: a pipe put in the file's place must not be waited for. */
const READ_ONLY = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY

/** Without fs/promises, whose handles cost more than reading a small file does. What is asked of an open file needs no disk. */
export function createFileReader(): FileReader {
  const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES)
  return {
    look: async (path) => {
      const stats = await called<Stats>((done) => lstat(path, done))
      return stats?.isFile() === true ? factsOf(stats) : undefined
    },
    hash: async (path, facts) => {
      const quiet = await called<number>((done) => open(path, READ_ONLY | O_NOATIME, done))
      const fd = quiet ?? (await called<number>((done) => open(path, READ_ONLY, done)))
      if (fd === undefined) return undefined
      try {
        return await hashOf(fd, facts, chunk)
      } finally {
        closeSync(fd)
      }
    },
  }
}

function factsOf(stats: Stats): FileFacts {
  return { sizeBytes: stats.size, id: `${stats.dev}:${stats.ino}` }
}

/** Undefined when it is another file by now, or changes size. One chunk at a time is hashed here, which takes some 50 µs. */
async function hashOf(fd: number, facts: FileFacts, chunk: Buffer): Promise<string | undefined> {
  const stats = fstatSync(fd)
  const opened = factsOf(stats)
  if (!stats.isFile() || opened.id !== facts.id || opened.sizeBytes !== facts.sizeBytes) return undefined
  const hash = process.getBuiltinModule('node:crypto').createHash('sha256')
  let at = 0
  while (at < facts.sizeBytes) {
    const from = at
    const size = await called<number>((done) => read(fd, chunk, 0, CHUNK_BYTES, from, done))
    if (size === undefined || size === 0) return undefined
    hash.update(chunk.subarray(0, size))
    at += size
  }
  return at === facts.sizeBytes ? hash.digest('hex') : undefined
}

/** What the call gives; undefined on a fault of the system: files come and go, and some are not for us to read. */
function called<Value>(call: (done: (error: NodeJS.ErrnoException | null, value: Value) => void) => void): Promise<Value | undefined> {
  return new Promise((resolve, reject) => {
    call((error, value) => {
      if (error === null) resolve(value)
      else if (errnoOf(error) === undefined) reject(error)
      else resolve(undefined)
    })
  })
}
