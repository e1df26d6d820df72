/** Owns the room left on mounted file systems. Never waits for one that does not answer: a dead server can hold statfs(2) for ever. */
import type { StatsFs } from 'node:fs'

export interface Mount {
  readonly device: string
  readonly mountpoint: string
  readonly fstype: string
  readonly isReadonly: boolean
}

export interface FilesystemRoom extends Mount {
  /** Absent when the file system gave no answer in time. */
  readonly room:
    | {
        readonly sizeBytes: number
        readonly freeBytes: number
        /** Free to programs without privileges. */
        readonly availableBytes: number
        readonly files: number
        readonly filesFree: number
      }
    | undefined
}

/** File systems without storage of their own, by proc_filesystems(5) and the kernel's source. */
const VIRTUAL = new Set(
  (
    'autofs binfmt_misc bpf cgroup cgroup2 configfs debugfs devpts devtmpfs efivarfs fusectl fuse.portal fuse.lxcfs fuse.gvfsd-fuse hugetlbfs ' +
    'iso9660 mqueue nsfs proc procfs pstore rootfs rpc_pipefs securityfs selinuxfs squashfs sysfs tracefs'
  ).split(' '),
)
const NETWORK = /^(?:nfs4?|cifs|smb3?|smbfs|ncpfs|afs|ceph|9p|glusterfs|lustre|gpfs|beegfs|ocfs2|gfs2|davfs|fuse\..+)$/
/** Of no interest to people, and of containers the figures of the disk they are on. */
const UNINTERESTING =
  /^\/(?:dev|proc|sys|run\/credentials|run\/user|var\/lib\/(?:docker|containerd|containers\/storage|kubelet\/pods))(?:\/|$)/

const MOUNTS_MAX = 200

/** The mounts to ask, out of /proc/self/mountinfo (proc_pid_mountinfo(5)): one for each file system, the one nearest to the root. */
export function selectMounts(mountinfo: string, includeNetwork: boolean): Mount[] {
  const chosen = new Map<string, Mount>()
  for (const line of mountinfo.split('\n')) {
    const parsed = parseMountLine(line)
    if (parsed === undefined) continue
    const { filesystem, mount } = parsed
    if (isVirtual(mount) || UNINTERESTING.test(mount.mountpoint)) continue
    if (!includeNetwork && isNetworkType(mount.fstype)) continue
    const known = chosen.get(filesystem)
    if (known === undefined || mount.mountpoint.length < known.mountpoint.length) chosen.set(filesystem, mount)
  }
  // A later mount on the same point hides the earlier one.
  const byPoint = new Map([...chosen.values()].map((mount) => [mount.mountpoint, mount]))
  return [...byPoint.values()].slice(0, MOUNTS_MAX)
}

/** All of them, in the order in which they were mounted. */
export function parseMounts(mountinfo: string): Mount[] {
  return mountinfo.split('\n').flatMap((line) => parseMountLine(line)?.mount ?? [])
}

/** Whether its files are on another machine, or come from a program of this one that may not answer. */
export function isNetworkType(fstype: string): boolean {
  return NETWORK.test(fstype)
}

/** The root of a container is an overlay, and the only one that says how much room the container has. */
function isVirtual({ fstype, mountpoint }: Mount): boolean {
  return VIRTUAL.has(fstype) || (fstype === 'overlay' && mountpoint !== '/')
}

function parseMountLine(line: string): { readonly filesystem: string; readonly mount: Mount } | undefined {
  const [before = '', after] = line.split(' - ', 2)
  const [, , filesystem, , mountpoint, options] = before.split(' ')
  const [fstype, device, superOptions] = after?.split(' ') ?? []
  if (filesystem === undefined || mountpoint === undefined || fstype === undefined || device === undefined) return undefined
  const isReadonly = [options, superOptions].some((list) => list?.split(',').includes('ro') === true)
  return { filesystem, mount: { device: unescapeOctal(device), mountpoint: unescapeOctal(mountpoint), fstype, isReadonly } }
}

/** Blanks and backslashes are written as octal bytes. */
function unescapeOctal(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_whole, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}

export interface RoomReaderOptions {
  readonly statfs: (path: string) => Promise<StatsFs>
  readonly deadlineMs: number
}

/** Calls that hang hold a thread of libuv's pool, which has four by default: this many may, and the rest go unasked. */
const HANGING_MAX = 2

/**
 * Asks every mount, two at a time. One that has not answered an earlier call is not asked again until it has, and takes
 * the place of one of the two until then.
 */
export function createRoomReader(options: RoomReaderOptions): (mounts: readonly Mount[]) => Promise<FilesystemRoom[]> {
  const hanging = new Set<string>()

  const ask = async (mountpoint: string): Promise<FilesystemRoom['room']> => {
    hanging.add(mountpoint)
    const answer = options
      .statfs(mountpoint)
      .catch(() => undefined)
      .finally(() => hanging.delete(mountpoint))
    const stats = await within(answer, options.deadlineMs)
    return stats && roomOf(stats)
  }
  return async (mounts) => {
    const rooms = new Map<string, FilesystemRoom['room']>()
    const queue = mounts.map(({ mountpoint }) => mountpoint).filter((mountpoint) => !hanging.has(mountpoint))
    const worker = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        rooms.set(next, await ask(next))
        if (hanging.has(next)) return
      }
    }
    await Promise.all(Array.from({ length: HANGING_MAX - hanging.size }, worker))
    return mounts
      .map((mount) => ({ ...mount, room: rooms.get(mount.mountpoint) }))
      .toSorted((a, b) => (a.mountpoint < b.mountpoint ? -1 : 1))
  }
}

function roomOf(stats: StatsFs): FilesystemRoom['room'] {
  return {
    sizeBytes: stats.blocks * stats.bsize,
    freeBytes: stats.bfree * stats.bsize,
    availableBytes: stats.bavail * stats.bsize,
    files: stats.files,
    filesFree: stats.ffree,
  }
}

/** Undefined when it is not there in time. */
export async function within<Value>(work: Promise<Value>, deadlineMs: number): Promise<Value | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, deadlineMs, undefined)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
