/**
 * Owns where files are created: in a file system made anew for each writer where that is allowed, because what a used disk has
 * to search for a free inode varies more than any watcher costs; else in a folder.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, statfsSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { messageOf } from '../../src/lib/errors.ts'
import type { Say } from '../lib/peers.ts'

export interface Grounds {
  /** What it is, for the report. */
  readonly kind: string
  /** An empty folder, the only one there is until `drop`. */
  fresh(): string
  drop(): void
}

/** A file of 2 KB takes a block of 4 KiB and an inode of 256 bytes; the journal and the writer's warm-up come on top. */
const BYTES_PER_FILE = 6_000
const ROOM_BYTES = 256 << 20
const MEMORY = '/dev/shm'
const TIMEOUT_MS = 60_000

/** `directory`, if given, is used as it is. */
export function openGrounds(work: string, directory: string | undefined, files: number, say: Say): Grounds {
  if (directory !== undefined) return plain(path.join(directory, path.basename(work)), `in ${directory}`)
  const grounds = mounted(work, ROOM_BYTES + files * BYTES_PER_FILE)
  try {
    grounds.fresh()
    grounds.drop()
    return grounds
  } catch (error) {
    say(`no file system can be made for the measurement (${messageOf(error).split('\n')[0]}); the state of ${work} shows in the figures`)
    return plain(path.join(work, 'files'), `in ${work}`)
  }
}

function plain(folder: string, kind: string): Grounds {
  return {
    kind,
    fresh: () => {
      mkdirSync(folder, { recursive: true })
      return folder
    },
    drop: () => rmSync(folder, { recursive: true, force: true }),
  }
}

function mounted(work: string, bytes: number): Grounds {
  const inMemory = hasRoom(MEMORY, bytes)
  const image = path.join(inMemory ? MEMORY : work, `${path.basename(work)}.ext4`)
  const point = path.join(work, 'mounted')
  let isMounted = false
  const drop = (): void => {
    if (isMounted) unmount(point)
    isMounted = false
    rmSync(image, { force: true })
  }
  return {
    kind: `in a new ext4 ${inMemory ? 'in memory' : 'in a file'} for each`,
    fresh: () => {
      drop()
      mkdirSync(point, { recursive: true })
      writeFileSync(image, '')
      truncateSync(image, bytes)
      // Inodes are made ready at once, so that the kernel does not do it in the background of the measurement.
      const layout = ['-q', '-F', '-i', '4096', '-E', 'lazy_itable_init=0,lazy_journal_init=0', image]
      execFileSync('mkfs.ext4', layout, { stdio: 'pipe', timeout: TIMEOUT_MS })
      execFileSync('mount', ['-o', 'loop', image, point], { stdio: 'pipe', timeout: TIMEOUT_MS })
      isMounted = true
      return point
    },
    drop,
  }
}

/** Whatever still holds it at the end of an interrupted run lets go of it a moment later. */
function unmount(point: string): void {
  try {
    execFileSync('umount', [point], { stdio: 'pipe', timeout: TIMEOUT_MS })
  } catch {
    execFileSync('umount', ['--lazy', point], { stdio: 'pipe', timeout: TIMEOUT_MS })
  }
}

function hasRoom(folder: string, bytes: number): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize > 2 * bytes
  } catch {
    return false
  }
}
