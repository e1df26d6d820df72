/** Owns the NDJSON copy of the audit trail: one line per entry, appended after the entry is in the store. Never rewrites a line. */
import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, statSync, writeSync } from 'node:fs'
import { open } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { errnoOf } from '../../lib/errors.ts'
import type { AuditEntry } from '../model.ts'

const AuditLine = z.object({
  seq: z.number().int(),
  at: z.string(),
  event: z.string(),
  incident: z.string().nullable(),
  text: z.string(),
  data: z.record(z.string(), z.unknown()),
  prev: z.string(),
  hash: z.string(),
})

const NEWLINE = 0x0a
const CHUNK_BYTES = 256 * 1024

export interface MirrorLine {
  readonly line: number
  /** Undefined when the line is not an audit entry. */
  readonly entry: AuditEntry | undefined
}

export interface MirrorEnd {
  readonly sizeBytes: number
  /** Seq of the last line; 0 for an empty file, undefined when that line is not an entry. */
  readonly lastSeq: number | undefined
  /** The file ends in the middle of a line. */
  readonly isTorn: boolean
}

export function mirrorPath(stateDir: string): string {
  return path.join(stateDir, 'remediator', 'audit.ndjson')
}

/** The file's size; 0 when there is none. */
export function mirrorSize(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}

/**
 * Appends entries. On failure (a full disk) the file is as it was. On return the lines survive the end of this process; whether
 * they survive a power failure, `syncMirror` decides.
 */
export function appendToMirror(file: string, entries: readonly AuditEntry[]): void {
  const descriptor = openSync(file, 'a', 0o600)
  const sizeBefore = fstatSync(descriptor).size
  try {
    writeAll(descriptor, Buffer.from(entries.map((entry) => `${JSON.stringify(entry)}\n`).join('')))
  } catch (error) {
    ftruncateSync(descriptor, sizeBefore)
    throw error
  } finally {
    closeSync(descriptor)
  }
}

/** As `syncMirror`, off the event loop: the store's own commit is what an acknowledgement waits for. */
export async function syncMirrorAside(file: string): Promise<void> {
  const handle = await open(file, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Has everything written so far on disk before it returns. */
export function syncMirror(file: string): void {
  if (mirrorSize(file) === 0) return
  const descriptor = openSync(file, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Cuts off a last line that a crash left without its end; the entry is still in the store. Returns whether there was one. */
export function dropTornLine(file: string): boolean {
  if (!mirrorEnd(file).isTorn) return false
  const descriptor = openSync(file, 'r+')
  try {
    ftruncateSync(descriptor, lastNewline(descriptor, fstatSync(descriptor).size) + 1)
    return true
  } finally {
    closeSync(descriptor)
  }
}

/** How the file ends; reads no more than its last line. */
export function mirrorEnd(file: string): MirrorEnd {
  const descriptor = openIfThere(file)
  if (descriptor === undefined) return { sizeBytes: 0, lastSeq: 0, isTorn: false }
  try {
    const { size } = fstatSync(descriptor)
    if (size === 0) return { sizeBytes: 0, lastSeq: 0, isTorn: false }
    const isTorn = readRange(descriptor, size - 1, size)[0] !== NEWLINE
    const end = isTorn ? lastNewline(descriptor, size) : size - 1
    if (end < 0) return { sizeBytes: size, lastSeq: 0, isTorn }
    const line = readRange(descriptor, lastNewline(descriptor, end) + 1, end)
    return { sizeBytes: size, lastSeq: parseLine(line.toString('utf8'))?.seq, isTorn }
  } finally {
    closeSync(descriptor)
  }
}

/** Every line within the first `sizeBytes`, one at a time; none when there is no file. */
export function* readMirror(file: string, sizeBytes = mirrorSize(file)): Generator<MirrorLine> {
  const descriptor = openIfThere(file)
  if (descriptor === undefined) return
  try {
    let line = 0
    let rest = Buffer.alloc(0)
    for (let at = 0; at < sizeBytes; at += CHUNK_BYTES) {
      const chunk = readRange(descriptor, at, Math.min(at + CHUNK_BYTES, sizeBytes))
      let text = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      for (let end = text.indexOf(NEWLINE); end !== -1; end = text.indexOf(NEWLINE)) {
        yield { line: ++line, entry: parseLine(text.toString('utf8', 0, end)) }
        text = text.subarray(end + 1)
      }
      rest = Buffer.from(text)
    }
    if (rest.length > 0) yield { line: ++line, entry: parseLine(rest.toString('utf8')) }
  } finally {
    closeSync(descriptor)
  }
}

/** Where the last newline before `end` is; -1 when there is none. */
function lastNewline(descriptor: number, end: number): number {
  for (let to = end; to > 0; to -= CHUNK_BYTES) {
    const from = Math.max(0, to - CHUNK_BYTES)
    const found = readRange(descriptor, from, to).lastIndexOf(NEWLINE)
    if (found !== -1) return from + found
  }
  return -1
}

function readRange(descriptor: number, from: number, to: number): Buffer {
  const buffer = Buffer.allocUnsafe(to - from)
  let filled = 0
  while (filled < buffer.length) {
    const count = readSync(descriptor, buffer, filled, buffer.length - filled, from + filled)
    if (count === 0) break
    filled += count
  }
  return buffer.subarray(0, filled)
}

function writeAll(descriptor: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length;) written += writeSync(descriptor, bytes, written)
}

function openIfThere(file: string): number | undefined {
  try {
    return openSync(file, 'r')
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw error
  }
}

function parseLine(line: string): AuditEntry | undefined {
  try {
    return AuditLine.parse(JSON.parse(line))
  } catch {
    return undefined
  }
}
