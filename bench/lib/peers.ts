/** Owns finding the programs that procwarden is measured against: on PATH, else fetched from Debian into the cache. Never installs. */
import { accessSync, constants, existsSync, globSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { aptIsPresent, unpackFromApt } from '../../scripts/setup/apt.mjs'
import { cacheDir } from '../../src/stack/tools.mjs'

export interface Peer {
  readonly file: string
  /** Flags and environment it needs to run where it was unpacked. */
  readonly env: NodeJS.ProcessEnv
  readonly folder: string | undefined
}

export interface PeerSource {
  /** Absolute places besides PATH. */
  readonly places: readonly string[]
  readonly name: string
  readonly packages: readonly string[]
}

export type Say = (text: string) => void

/** Where what is fetched for a measurement is kept. */
export function benchCache(name: string): string {
  return path.join(cacheDir(), 'bench', `${process.platform}-${process.arch}`, name)
}

/** Undefined, and said, where it can neither be found nor fetched. */
export async function findPeer(source: PeerSource, say: Say, signal: AbortSignal): Promise<Peer | undefined> {
  const folders = [...(process.env['PATH'] ?? '').split(path.delimiter), ...source.places]
  const installed = folders.map((folder) => path.join(folder, source.name)).find(isExecutable)
  if (installed !== undefined) return { file: installed, env: process.env, folder: undefined }
  const folder = benchCache(source.name)
  const cached = unpackedPeer(folder, source)
  if (cached !== undefined) return cached
  if (!aptIsPresent(process.env)) {
    say(`${source.name} is missing, and without apt it cannot be fetched: install ${source.packages[0]} to compare with it`)
    return undefined
  }
  say(`fetching ${source.name} from the package ${source.packages[0]} into ${folder}`)
  const work = `${folder}.${process.pid}`
  mkdirSync(work, { recursive: true })
  try {
    const fetched = await unpackFromApt({ env: process.env, signal }, work, source.packages)
    if (!fetched.ok) {
      say(`${source.name} is missing and could not be fetched: ${fetched.output.trim().split('\n').at(-1)}`)
      return undefined
    }
    rmSync(folder, { recursive: true, force: true })
    renameSync(path.join(work, 'unpacked'), folder)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  return unpackedPeer(folder, source)
}

function unpackedPeer(folder: string, { name }: PeerSource): Peer | undefined {
  if (!existsSync(folder)) return undefined
  const file = globSync([`usr/bin/${name}`, `usr/lib/netdata/plugins.d/${name}`], { cwd: folder })[0]
  if (file === undefined) return undefined
  const libraries = ['usr/lib', 'lib']
    .flatMap((lib) => globSync(`${lib}/*-linux-gnu*`, { cwd: folder }))
    .map((lib) => path.join(folder, lib))
  const env = libraries.length === 0 ? process.env : { ...process.env, LD_LIBRARY_PATH: libraries.join(':') }
  return { file: path.join(folder, file), env, folder }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
