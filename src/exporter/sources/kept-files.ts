/** Owns the descriptors that a scanner keeps open on files of /proc, within a budget, and the buffer they are read into. Never parses. */
import { closeSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { errnoOf } from '../../lib/errors.ts'

const READ_BYTES = 4096

export interface OpenedFile {
  /** Undefined when it was closed again. */
  readonly fd: number | undefined
  /** -1: could not be read. */
  readonly length: number
}

export class KeptFiles {
  /** What the last read left. */
  readonly buffer = Buffer.allocUnsafe(READ_BYTES)
  readonly #root: string
  #max: number
  #open = 0

  constructor(root: string, descriptorsMax: number) {
    this.#root = root
    this.#max = descriptorsMax
  }

  /** Opens, reads, and keeps the descriptor as far as it is wanted and the budget goes. Throws when no descriptor is left to open one with. */
  openAndRead(pid: number, file: string, keep = true): OpenedFile {
    let fd: number
    try {
      fd = openSync(join(this.#root, String(pid), file), 'r')
    } catch (error) {
      if (isOutOfDescriptors(error)) throw error
      return { fd: undefined, length: -1 }
    }
    const length = this.read(fd)
    if (keep && length > 0 && this.#open < this.#max) {
      this.#open++
      return { fd, length }
    }
    closeSync(fd)
    return { fd: undefined, length }
  }

  /** The length, or -1 when it could not be read. */
  read(fd: number): number {
    try {
      return readSync(fd, this.buffer, 0, READ_BYTES, 0)
    } catch (error) {
      if (errnoOf(error) === undefined) throw error
      return -1
    }
  }

  close(fd: number | undefined): void {
    if (fd === undefined) return
    closeSync(fd)
    this.#open--
  }

  /** Others in this process need descriptors as well: from now on half of those that are open now. False when there is nothing to give back. */
  shrink(): boolean {
    if (this.#max === 0) return false
    this.#max = Math.floor(Math.min(this.#max, this.#open) / 2)
    return true
  }
}

/** EMFILE: the limit of this process; ENFILE: the machine's. */
export function isOutOfDescriptors(error: unknown): boolean {
  const errno = errnoOf(error)
  return errno === 'EMFILE' || errno === 'ENFILE'
}
