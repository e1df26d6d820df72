/** Owns which programs the file sources are measured against, and fetching those that are absent into the cache. Never installs. */
import { existsSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import { run } from '../../scripts/setup/run.mjs'
import { benchCache, findPeer, type Peer, type Say } from '../lib/peers.ts'

const PARCEL_VERSION = '2.6.0'
const INSTALL_TIMEOUT_MS = 120_000

export const findInotifywait = (say: Say, signal: AbortSignal): Promise<Peer | undefined> =>
  findPeer({ name: 'inotifywait', places: [], packages: ['inotify-tools', 'libinotifytools0'] }, say, signal)

/** The folder of @parcel/watcher; undefined, and said, where it cannot be fetched. */
export async function findParcel(say: Say, signal: AbortSignal): Promise<string | undefined> {
  const folder = benchCache(`parcel-watcher-${PARCEL_VERSION}`)
  const library = path.join(folder, 'node_modules/@parcel/watcher')
  if (existsSync(library)) return library
  say(`fetching @parcel/watcher ${PARCEL_VERSION} into ${folder}`)
  mkdirSync(folder, { recursive: true })
  const args = [
    'install',
    '--prefix',
    folder,
    '--no-save',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    `@parcel/watcher@${PARCEL_VERSION}`,
  ]
  const fetched = await run('npm', args, { cwd: folder, env: process.env, signal, timeoutMs: INSTALL_TIMEOUT_MS })
  if (fetched.ok && existsSync(library)) return library
  say(`@parcel/watcher could not be fetched and is left out: ${fetched.output.trim().split('\n').at(-1)}`)
  return undefined
}
