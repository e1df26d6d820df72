/**
 * Owns what is different where procwarden is one executable file (Node's single executable applications): its programs, its data and
 * the native addon are inside of it and not beside it. scripts/package/single-file.ts puts them there. Decides nothing else.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { getAsset, isSea } from 'node:sea'
import { OperationalError, messageOf } from './errors.ts'

/** The first argument that has the executable run one of its other programs in place of the command line. */
export const PROGRAM_FLAG = '--procwarden.program='

export const ADDON = 'koffi.node'

/** Whether this process runs from a single executable. */
export function isSingleFile(): boolean {
  return isSea()
}

/** A file that was put into the executable. */
export function embeddedText(name: string): string {
  return getAsset(name, 'utf8')
}

/** As embeddedText, as it is. */
export function embeddedBytes(name: string): Buffer {
  return Buffer.from(getAsset(name))
}

/** The code of a program that was put into the executable, for a thread to evaluate: a function of what CommonJS gives a module. */
export function embeddedThread(name: string): string {
  return `(${embeddedText(`${name}.cjs`)})(require, { exports: {} }, {}, ${JSON.stringify(process.execPath)}, '/')`
}

/** What to run for a program of procwarden: its file where there are files, else this executable again. */
export function programArguments(name: string, file: string): string[] {
  return isSingleFile() ? [`${PROGRAM_FLAG}${name}`] : [file]
}

/**
 * Loads the native addon. The C library loads files only, so it is one for a moment: in a new folder that only this user may enter, and
 * gone as soon as it is loaded, so that nobody can put another in its place. Throws OperationalError `unsupported`.
 */
export function loadEmbeddedAddon(folders: readonly string[] = scratchFolders()): unknown {
  const bytes = new Uint8Array(getAsset(ADDON))
  const faults: string[] = []
  for (const folder of folders) {
    try {
      return loadFrom(folder, bytes)
    } catch (error) {
      // Not writable, full, or mounted noexec: the next one may do.
      faults.push(`${folder}: ${messageOf(error)}`)
    }
  }
  throw new OperationalError(`there is no folder that programs may be loaded from (${faults.join('; ')}); set TMPDIR to one`, {
    reason: 'unsupported',
  })
}

function loadFrom(folder: string, bytes: Uint8Array): unknown {
  const own = mkdtempSync(path.join(folder, 'procwarden-')) // mode 0700
  try {
    const file = path.join(own, ADDON)
    writeFileSync(file, bytes, { flag: 'wx', mode: 0o500 })
    const loaded: { exports: unknown } = { exports: {} }
    process.dlopen(loaded, file, os.constants.dlopen.RTLD_NOW)
    return loaded.exports
  } finally {
    rmSync(own, { recursive: true, force: true })
  }
}

/** /dev/shm is memory, and writable to services that may write nowhere else. */
function scratchFolders(): string[] {
  return [os.tmpdir(), '/dev/shm', '/var/tmp', '/run']
}
