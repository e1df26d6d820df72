/** Owns moving a storm's files out of the way, restorable: which folder, since when, whose files; the moving itself is elsewhere. */
import { existsSync, realpathSync } from 'node:fs'
import path from 'node:path'
import { OperationalError, assert, errnoOf, messageOf } from '../../lib/errors.ts'
import { readProcessDetails, type Procfs } from '../../lib/linux/proc-process.ts'
import { printable } from '../../lib/log.ts'
import { moveFiles } from '../quarantine/move-files.ts'
import { readManifest, storedFile } from '../quarantine/manifest.ts'
import { PLACE_NAME, quarantinePlaces } from '../quarantine/place.ts'
import { selectFiles, type Selection } from '../quarantine/select-files.ts'
import type { Database } from '../store/database.ts'
import { deleteQuarantine, insertQuarantine, quarantinesOf, updateQuarantine } from '../store/quarantines.ts'
import type { Action, ActionRequest, ActionResult } from './action.ts'

export interface QuarantineOptions {
  readonly database: Database
  readonly procfs: Procfs
  readonly nowMs: () => number
  /** The state folder's own, for what lies on the same file system; never looked into for files. */
  readonly stateDir: string
  /** Folders that storms were reported in, where the alert itself names none. */
  readonly stormFolders: (request: ActionRequest) => Promise<readonly string[]>
}

/** The shipped rules count over five minutes, and a scrape more: what counted for the alert was created since then. */
const WINDOW_MS = 330_000
/** Birth times have the resolution of the kernel's tick. */
const TICK_MS = 20
const DAY_MS = 86_400_000
/** Below those, yet everybody's to write in. */
const SHARED_FOLDERS = ['/dev/shm', '/run/user', '/run/lock']
/** Without what lies there the machine stops, whoever wrote it. */
const NEVER_FOLDERS = [
  '/',
  '/bin',
  '/boot',
  '/dev',
  '/etc',
  '/lib',
  '/lib32',
  '/lib64',
  '/proc',
  '/root/.ssh',
  '/run',
  '/sbin',
  '/sys',
  '/usr',
  '/var/lib',
]

export function createQuarantine(options: QuarantineOptions): Action {
  return {
    run: (request, signal) => run(request, options, signal),
    // Moving goes file by file, and what was moved is no longer there to be moved: going on is no repetition.
    look: async () => ({ kind: 'undone' }),
  }
}

async function run(request: ActionRequest, options: QuarantineOptions, signal: AbortSignal): Promise<ActionResult> {
  const { step, incident } = request
  assert(step.action === 'quarantine', 'this is the quarantine action')
  const named = incident.labels['directory']
  const folders = named === undefined ? await options.stormFolders(request) : [named]
  if (folders.length === 0)
    return { outcome: 'failed', reason: 'target_unknown', text: 'It is not known into which folder the files were written.' }
  let total = { files: 0, bytes: 0 }
  const sentences: string[] = []
  for (const folder of folders) {
    const done = await quarantineFolder(folder, request, options, signal).catch((error: unknown) => brokenOff(folder, error))
    if ('outcome' in done) return done
    if ('refusal' in done) sentences.push(done.refusal)
    else {
      total = { files: total.files + done.files, bytes: total.bytes + done.bytes }
      sentences.push(done.text)
    }
  }
  const text = sentences.join(' ')
  const already = quarantinesOf(options.database, incident.id).reduce((sum, row) => sum + row.files - row.restored, 0)
  if (total.files > 0 || already > 0) return { outcome: 'quarantined', reason: 'none', text, data: total }
  return { outcome: 'quarantined', reason: 'nothing_to_do', text: text === '' ? 'No file of the storm was found.' : text }
}

/** A full disk, say: no fault of ours. What was moved by then is in the manifest, and is counted when this is tried again. */
function brokenOff(folder: string, error: unknown): ActionResult {
  if (error instanceof OperationalError || errnoOf(error) === undefined) throw error
  const text = `Moving the files of ${printable(folder)} broke off: ${messageOf(error)}. What was moved is kept, and restorable.`
  return { outcome: 'failed', reason: 'interrupted', text }
}

type FolderDone = { readonly refusal: string } | { readonly files: number; readonly bytes: number; readonly text: string }

async function quarantineFolder(
  named: string,
  request: ActionRequest,
  options: QuarantineOptions,
  signal: AbortSignal,
): Promise<FolderDone> {
  const { step, incident, note } = request
  assert(step.action === 'quarantine', 'this is the quarantine action')
  const allowed = allowedFolder(named, step.below, ownFolder(options))
  if ('refusal' in allowed) return allowed
  const { folder } = allowed
  recountInterrupted(incident.id, options)
  const selection = await select(folder, request, options, signal)
  if ('refusal' in selection) return selection
  if (selection.files.length === 0)
    return { files: 0, bytes: 0, text: `No file of the storm is in ${printable(folder)}${leftText(selection)}.` }
  const id = `${incident.id}-${quarantinesOf(options.database, incident.id).length + 1}`
  const at = new Date(options.nowMs()).toISOString()
  const expiresAtMs = options.nowMs() + step.retention_days * DAY_MS
  const header = { procwarden: 'quarantine', version: 1, id, incident: incident.id, folder, at } as const
  const remember = (directory: string): void =>
    insertQuarantine(options.database, {
      id,
      incident: incident.id,
      directory,
      at,
      expiresAtMs,
      files: 0,
      bytes: 0,
      restored: 0,
      status: 'open',
    })
  const moved = await moveFiles(
    header,
    selection.files,
    quarantinePlaces(folder, path.join(options.stateDir, 'remediator', 'quarantine')),
    remember,
    signal,
  )
  if (moved === undefined) {
    deleteQuarantine(options.database, id)
    return { refusal: `The files of ${printable(folder)} cannot be moved: no folder on their file system may be used as quarantine.` }
  }
  const { directory, files, bytes, missed } = moved
  updateQuarantine(options.database, id, { files, bytes })
  const text = `Moved ${files} files (${bytes} bytes) from ${printable(folder)} into quarantine ${id}${leftText(selection)}; kept until ${new Date(expiresAtMs).toISOString()}, restorable with procwarden rollback ${incident.id}.`
  note({ event: 'quarantined', text, data: { id, folder: printable(folder), directory, files, bytes, missed, left: selection.left } })
  return { files, bytes, text }
}

async function select(
  folder: string,
  { step, target, incident }: ActionRequest,
  options: QuarantineOptions,
  signal: AbortSignal,
): Promise<Selection | { readonly refusal: string }> {
  assert(step.action === 'quarantine', 'this is the quarantine action')
  const stormMs = Date.parse(incident.startedAt) - WINDOW_MS
  const writtenSince = target.kind === 'process' ? target.startTime : target.since
  const fromMs = writtenSince === undefined ? stormMs : Math.max(stormMs, Date.parse(writtenSince) - TICK_MS)
  const uid = target.uid ?? (target.kind === 'process' ? readProcessDetails(target.pid, options.procfs).uid : undefined)
  try {
    return await selectFiles(
      { folder, fromMs, uid, filesMax: step.files_max, duplicatesOnly: step.duplicates_only, exclude: [ownFolder(options)] },
      signal,
    )
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return { refusal: `${printable(folder)} cannot be looked through: ${messageOf(error)}.` }
  }
}

/** The folder without links, when it lies where files may be taken from. */
function allowedFolder(
  named: string,
  below: readonly string[] | undefined,
  stateDir: string,
): { readonly folder: string } | { readonly refusal: string } {
  const shown = printable(named)
  if (!named.startsWith('/') || named.includes('\0')) return { refusal: `${shown} is not an absolute path.` }
  const folder = realPathOf(named)
  if (folder === undefined) return { refusal: `${shown} is not there.` }
  const isShared = SHARED_FOLDERS.some((each) => isWithin(folder, each))
  const never = isShared ? undefined : NEVER_FOLDERS.find((each) => folder === each || (each !== '/' && isWithin(folder, each)))
  if (never !== undefined) return { refusal: `${shown} is in ${never}: from there nothing is ever moved.` }
  if (isWithin(folder, stateDir)) return { refusal: `${shown} is in procwarden's own state folder.` }
  if (folder.split('/').includes(PLACE_NAME)) return { refusal: `${shown} is in a quarantine.` }
  if (below === undefined || below.some((each) => isWithin(folder, realPathOf(each) ?? each))) return { folder }
  return { refusal: `${shown} is in none of the folders that the policy allows.` }
}

/** Quarantines that a crash left without a count. */
function recountInterrupted(incident: string, { database }: QuarantineOptions): void {
  for (const row of quarantinesOf(database, incident)) {
    if (row.files > 0 || row.status !== 'open') continue
    const there = (readManifest(row.directory)?.entries ?? []).filter((entry) => existsSync(storedFile(row.directory, entry)))
    updateQuarantine(database, row.id, { files: there.length, bytes: there.reduce((sum, entry) => sum + entry.size, 0) })
  }
}

function leftText({ left }: Selection): string {
  const count = Object.values(left).reduce((sum, each) => sum + each, 0)
  if (count === 0) return ''
  const words = Object.entries(left).map(([reason, each]) => `${each} ${reason.replaceAll('_', ' ')}`)
  return ` (left alone: ${words.join(', ')})`
}

function isWithin(folder: string, root: string): boolean {
  return folder === root || folder.startsWith(root.endsWith('/') ? root : `${root}/`)
}

/** The state folder without links, as the folders that it is compared with. */
function ownFolder({ stateDir }: QuarantineOptions): string {
  return realPathOf(stateDir) ?? stateDir
}

function realPathOf(folder: string): string | undefined {
  try {
    return realpathSync(folder)
  } catch {
    return undefined
  }
}
