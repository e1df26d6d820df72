/**
 * Owns working in a folder that strangers may rearrange meanwhile: it is opened once, step by step and without following a
 * single link, and everything in it is then named through the open descriptor (/proc/self/fd, proc_pid_fd(5)).
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, type Stats } from 'node:fs'

export interface AnchoredFolder {
  readonly fd: number
  /** A path of an entry that no renamed or replaced folder can redirect. */
  at(name: Buffer | string): Buffer
  stat(): Stats
  /** Undefined when there is no such entry. Never follows a link. */
  lstat(name: Buffer | string): Stats | undefined
  /** Names are bytes: they need not be text. */
  names(): Buffer[]
  /** The sub-folder. Throws the system's error where it is a link (ENOTDIR, ELOOP), or no folder. */
  open(name: Buffer | string): AnchoredFolder
  close(): void
}

const FLAGS = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW

/** Opens an absolute path without links in it (as `realpath` gives). Throws the system's error. */
export function openFolder(path: string): AnchoredFolder {
  let folder = anchored(openSync('/', FLAGS))
  for (const part of path.split('/').filter((each) => each !== '')) {
    try {
      const next = folder.open(part)
      folder.close()
      folder = next
    } catch (error) {
      folder.close()
      throw error
    }
  }
  return folder
}

function anchored(fd: number): AnchoredFolder {
  const prefix = Buffer.from(`/proc/self/fd/${fd}/`)
  const at = (name: Buffer | string): Buffer => {
    const bytes = Buffer.from(name)
    // An entry is one name: nothing that leads elsewhere.
    if (bytes.length === 0 || bytes.includes(0x2f) || bytes.includes(0) || bytes.equals(DOT) || bytes.equals(DOT_DOT))
      throw new Error('assertion failed: an entry of a folder is one plain name')
    return Buffer.concat([prefix, bytes])
  }
  return {
    fd,
    at,
    stat: () => fstatSync(fd),
    lstat: (name) => lstatSync(at(name), { throwIfNoEntry: false }),
    names: () => readdirSync(prefix, { encoding: 'buffer' }),
    open: (name) => anchored(openSync(at(name), FLAGS)),
    close: () => closeSync(fd),
  }
}

const DOT = Buffer.from('.')
const DOT_DOT = Buffer.from('..')
