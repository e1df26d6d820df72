/** Owns the NDJSON copy of the audit trail: one line per entry, appended after the entry is in the store. Never rewrites a line. */
import { appendFileSync, closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readFileSync, truncateSync } from 'node:fs'
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

export interface MirrorLine {
  readonly line: number
  /** Undefined when the line is not an audit entry. */
  readonly entry: AuditEntry | undefined
}

export function mirrorPath(stateDir: string): string {
  return path.join(stateDir, 'remediator', 'audit.ndjson')
}

/** Appends entries and has them on disk before it returns. On failure (a full disk) the file is as it was. */
export function appendToMirror(file: string, entries: readonly AuditEntry[]): void {
  if (entries.length === 0) return
  const descriptor = openSync(file, 'a', 0o600)
  const sizeBefore = fstatSync(descriptor).size
  try {
    appendFileSync(descriptor, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''))
    fsyncSync(descriptor)
  } catch (error) {
    ftruncateSync(descriptor, sizeBefore)
    throw error
  } finally {
    closeSync(descriptor)
  }
}

/** Cuts off a last line that a crash left without its end; the entry is still in the store. Returns whether there was one. */
export function dropTornLine(file: string): boolean {
  const text = readText(file)
  if (text.length === 0 || text.at(-1) === 0x0a) return false
  truncateSync(file, text.lastIndexOf(0x0a) + 1)
  return true
}

/** Every line of the mirror; none when there is no file. */
export function readMirror(file: string): MirrorLine[] {
  const lines = readText(file).toString('utf8').split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines.map((line, index) => ({ line: index + 1, entry: parseLine(line) }))
}

function readText(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return Buffer.alloc(0)
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
