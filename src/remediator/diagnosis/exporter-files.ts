/** Owns asking the exporter who created files lately. Bounded in time and size; what comes back is a stranger's. */
import { z } from 'zod'
import { messageOf } from '../../lib/errors.ts'
import type { Logger } from '../../lib/log.ts'
import type { WriterFacts } from './case.ts'

const TIMEOUT_MS = 700
const BYTES_MAX = 4_000_000

const Writer = z.object({
  group: z.string(),
  pid: z.number().nullable(),
  filesCreated: z.number(),
  filesDeleted: z.number(),
  filesExamined: z.number(),
  duplicateShare: z.number().nullable(),
  directories: z.array(z.object({ directory: z.string(), filesCreated: z.number() })),
})
const Directory = z.object({
  directory: z.string(),
  filesCreated: z.number(),
  filesDeleted: z.number(),
  filesExamined: z.number(),
  duplicateShare: z.number().nullable(),
  writers: z.array(z.object({ group: z.string(), pid: z.number().nullable(), filesCreated: z.number() })),
})
const Folder = z.object({ directory: z.string(), topWriters: z.array(z.object({ group: z.string(), filesCreated: z.number() })) })
const Answer = z.object({
  directories: z.array(Folder).default([]),
  recent: z.object({ windowSeconds: z.number(), directories: z.array(Directory), writers: z.array(Writer) }),
})
export type RecentFiles = z.infer<typeof Answer>['recent']

/** Throws when it does not answer, or not with that. */
export async function readRecentFiles(exporterUrl: string, signal: AbortSignal): Promise<RecentFiles> {
  return (await readFiles(exporterUrl, signal)).recent
}

async function readFiles(exporterUrl: string, signal: AbortSignal): Promise<z.infer<typeof Answer>> {
  const response = await fetch(new URL('api/files', exporterUrl.endsWith('/') ? exporterUrl : `${exporterUrl}/`), {
    redirect: 'error',
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
  })
  if (Number(response.headers.get('content-length') ?? 0) > BYTES_MAX) throw new Error('the answer of the exporter is too large')
  return Answer.parse(await response.json())
}

/** The process, or else its program as a whole. */
export function writerAmong(recent: RecentFiles, group: string | undefined, pid: number | undefined): WriterFacts | undefined {
  const own = recent.writers.filter((writer) => writer.group === group)
  const exact = own.filter((writer) => writer.pid === pid)
  const chosen = exact.length > 0 ? exact : pid === undefined ? own : []
  const [first] = chosen
  if (first === undefined) return undefined
  const sum = (figure: 'filesCreated' | 'filesDeleted' | 'filesExamined'): number => chosen.reduce((total, each) => total + each[figure], 0)
  const examined = sum('filesExamined')
  return {
    group: first.group,
    pid: chosen.length === 1 ? first.pid : null,
    filesCreated: sum('filesCreated'),
    filesDeleted: sum('filesDeleted'),
    filesExamined: examined,
    duplicateShare:
      examined === 0 ? null : chosen.reduce((total, each) => total + (each.duplicateShare ?? 0) * each.filesExamined, 0) / examined,
    folders: [...new Set(chosen.flatMap(({ directories }) => directories.map(({ directory }) => directory)))],
    windowSeconds: recent.windowSeconds,
  }
}

/** What happened in a folder, whoever did it; its busiest writer, where one is known, made most of it. */
export function folderAmong(recent: RecentFiles, directory: string): WriterFacts | undefined {
  const folder = recent.directories.find((each) => each.directory === directory)
  if (folder === undefined) return undefined
  const { filesCreated, filesDeleted, filesExamined, duplicateShare, writers } = folder
  const [busiest] = writers
  return {
    group: busiest?.group ?? 'unknown',
    pid: busiest?.pid ?? null,
    filesCreated,
    filesDeleted,
    filesExamined,
    duplicateShare,
    folders: [directory],
    windowSeconds: recent.windowSeconds,
  }
}

/** Who created files in a folder lately, the busiest first; nobody without an exporter, or one that does not answer. */
export function createWritersIn(exporterUrl: string | undefined, log: Logger) {
  return async (directory: string, signal: AbortSignal): Promise<Array<{ readonly group: string; readonly pid: number | null }>> => {
    if (exporterUrl === undefined) return []
    try {
      const { recent, directories } = await readFiles(exporterUrl, signal)
      const lately = recent.directories.find((each) => each.directory === directory)?.writers
      // Lately it tells of the busiest folders only.
      const ever = directories.find((each) => each.directory === directory)?.topWriters.map((writer) => ({ ...writer, pid: null }))
      return (lately ?? ever ?? []).toSorted((a, b) => b.filesCreated - a.filesCreated)
    } catch (error) {
      signal.throwIfAborted()
      log.debug('The exporter could not tell who wrote lately', { directory, error: messageOf(error) })
      return []
    }
  }
}
