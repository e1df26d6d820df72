/** Owns the manifest of a quarantine: which file came from where. A line is on disk before its file is moved, so none is lost. */
import { appendFileSync, closeSync, fsyncSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { errnoOf } from '../../lib/errors.ts'

const Header = z.object({
  procwarden: z.literal('quarantine'),
  version: z.literal(1),
  id: z.string(),
  incident: z.string(),
  /** Where the files came from, without links. */
  folder: z.string(),
  at: z.string(),
})
export type ManifestHeader = z.infer<typeof Header>

const Entry = z.object({
  /** Its name in the quarantine, below files/. */
  n: z.number().int().positive(),
  /** Relative to the folder, as hexadecimal bytes: names need not be text. */
  hex: z.string().regex(/^(?:[0-9a-f]{2})+$/),
  /** The same for people. */
  path: z.string(),
  dev: z.number(),
  ino: z.number(),
  size: z.number(),
  mode: z.number(),
  uid: z.number(),
  gid: z.number(),
  mtimeMs: z.number(),
  birthtimeMs: z.number(),
})
export type ManifestEntry = z.infer<typeof Entry>

export interface Manifest {
  readonly header: ManifestHeader
  readonly entries: readonly ManifestEntry[]
}

const NAME = 'manifest.ndjson'

export function createManifest(directory: string, header: ManifestHeader): void {
  writeFileSync(path.join(directory, NAME), `${JSON.stringify(header)}\n`, { mode: 0o600, flag: 'wx' })
}

/** On return the lines survive a crash. */
export function appendToManifest(directory: string, entries: readonly ManifestEntry[]): void {
  const file = path.join(directory, NAME)
  appendFileSync(file, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''))
  const fd = openSync(file, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** Undefined when there is none. A line that a crash tore off is left out: its file had not been moved yet. */
export function readManifest(directory: string): Manifest | undefined {
  let text: string
  try {
    text = readFileSync(path.join(directory, NAME), 'utf8')
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw error
  }
  const [first = '', ...lines] = text.split('\n')
  const header = Header.safeParse(parseLine(first))
  if (!header.success) return undefined
  return {
    header: header.data,
    entries: lines.flatMap((line) => {
      const entry = Entry.safeParse(parseLine(line))
      return entry.success ? [entry.data] : []
    }),
  }
}

export function storedFile(directory: string, entry: Pick<ManifestEntry, 'n'>): string {
  return path.join(directory, 'files', String(entry.n).padStart(8, '0'))
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
