/**
 * Owns asking where folders are without ever standing still: one whose file server is gone would keep the whole exporter from
 * answering. What lies on a server is asked in the background, one folder at a time, and counts as it was until there is an answer.
 */
import { readFileSync, realpathSync, statSync } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { errnoOf } from '../../lib/errors.ts'
import { isNetworkType, parseMounts, within } from './host-filesystems.ts'

export interface FoundFolder {
  /** With every symbolic link resolved. */
  readonly realPath: string
  /** Device and inode: a folder that was made anew is another one. */
  readonly id: string
}

export interface FolderLook {
  /** Undefined when there is no such folder for us, or when its server has not answered yet. */
  ask(path: string): Promise<FoundFolder | undefined>
  /** Whether it lies on a file server, as far as the table of mounts tells. Never waits. */
  isRemote(path: string): boolean
}

interface FolderLookOptions {
  /** As proc_pid_mountinfo(5). */
  readonly mountinfo?: () => string
  readonly askServer?: (path: string) => Promise<FoundFolder | undefined>
  readonly deadlineMs?: number
}

const DEADLINE_MS = 1_000
const MOUNTS_AGE_MS_MAX = 1_000

export function createFolderLook({
  mountinfo = readMountinfo,
  askServer = findOnServer,
  deadlineMs = DEADLINE_MS,
}: FolderLookOptions = {}): FolderLook {
  const known = new Map<string, FoundFolder | undefined>()
  // A call that hangs holds one of libuv's four threads.
  let isAsking = false
  let mounts: ReturnType<typeof parseMounts> = []
  let mountsReadMs = -Infinity

  const isRemote = (path: string): boolean => {
    if (performance.now() - mountsReadMs > MOUNTS_AGE_MS_MAX) {
      // The later of two mounts on one point is the one that is seen.
      mounts = parseMounts(mountinfo()).toReversed()
      mounts.sort((a, b) => b.mountpoint.length - a.mountpoint.length)
      mountsReadMs = performance.now()
    }
    const mount = mounts.find(({ mountpoint }) => mountpoint === '/' || path === mountpoint || path.startsWith(`${mountpoint}/`))
    return mount !== undefined && isNetworkType(mount.fstype)
  }
  const askInTime = async (path: string): Promise<FoundFolder | undefined> => {
    if (isAsking) return known.get(path)
    isAsking = true
    const answer = askServer(path)
      .then((found) => void known.set(path, found))
      .catch(() => undefined)
      .finally(() => {
        isAsking = false
      })
    await within(answer, deadlineMs)
    return known.get(path)
  }
  return {
    isRemote,
    ask: async (path) => {
      const before = known.get(path)
      if (isRemote(path) || (before !== undefined && isRemote(before.realPath))) return askInTime(path)
      const found = find(path)
      known.set(path, found)
      return found
    },
  }
}

function find(path: string): FoundFolder | undefined {
  try {
    const realPath = realpathSync(path)
    const stats = statSync(realPath)
    return stats.isDirectory() ? { realPath, id: `${stats.dev}:${stats.ino}` } : undefined
  } catch (error) {
    return absent(error)
  }
}

async function findOnServer(path: string): Promise<FoundFolder | undefined> {
  try {
    const realPath = await realpath(path)
    const stats = await stat(realPath)
    return stats.isDirectory() ? { realPath, id: `${stats.dev}:${stats.ino}` } : undefined
  } catch (error) {
    return absent(error)
  }
}

function absent(error: unknown): undefined {
  if (errnoOf(error) === undefined) throw error
  return undefined
}

/** Empty where there is no such table: then nothing is known to be remote. */
function readMountinfo(): string {
  try {
    return readFileSync('/proc/self/mountinfo', 'latin1')
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return ''
  }
}
