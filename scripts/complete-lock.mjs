/**
 * Owns completing package-lock.json after `npm install` against a registry that lacks other platforms' packages: npm then
 * leaves them out of the lock file, and `npm ci` refuses such a file everywhere. Changes nothing that npm wrote.
 * Usage: node scripts/complete-lock.mjs
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** @typedef {{ version?: string, dev?: boolean, optional?: boolean, peer?: boolean, os?: string[], cpu?: string[], libc?: string[], optionalDependencies?: Record<string, string> }} LockedPackage */
/** @typedef {{ packages: Record<string, LockedPackage> }} LockFile */
/** @typedef {{ name: string, version: string, dev: boolean, peer: boolean }} MissingPackage */

const PLATFORM =
  /[-/](?<os>aix|android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|win32)-(?<cpu>arm64|arm|ia32|loong64|ppc64|riscv64|s390x|x64)(?:-(?<abi>eabi|gnu|gnueabihf|msvc|musl|musleabihf))?$/
const LIBC = /** @type {Record<string, string>} */ ({ gnu: 'glibc', musl: 'musl' })

/**
 * The platform packages that locked packages name and the lock file does not hold.
 * @param {LockFile} lock
 * @returns {MissingPackage[]}
 */
export function missingPackages(lock) {
  return Object.entries(lock.packages).flatMap(([location, locked]) =>
    Object.entries(locked.optionalDependencies ?? {})
      .filter(([name]) => !isLocked(lock, location, name))
      .map(([name, version]) => ({ name, version, dev: locked.dev === true, peer: locked.peer === true })),
  )
}

/**
 * The lock file with an entry for each missing package. It has no checksum, which only the absent registry entry could tell;
 * os and cpu keep npm from asking for it anywhere else. Throws when a package's name does not say its platform.
 * @param {LockFile} lock
 * @returns {LockFile}
 */
export function completeLock(lock) {
  /** @type {Array<[string, LockedPackage]>} */
  const added = missingPackages(lock).map((missing) => [`node_modules/${missing.name}`, entryFor(missing)])
  const all = [...Object.entries(lock.packages), ...added]
  // In the order npm keeps, so that its next run changes nothing.
  return { ...lock, packages: Object.fromEntries(all.toSorted(([left], [right]) => left.localeCompare(right, 'en'))) }
}

/**
 * Node's own resolution: from the package's folder upwards.
 * @param {LockFile} lock
 * @param {string} location
 * @param {string} name
 */
function isLocked(lock, location, name) {
  const nested = location.split('/node_modules/').map((_, index, parts) => parts.slice(0, index + 1).join('/node_modules/'))
  return ['', ...nested].some((base) => `${base === '' ? '' : `${base}/`}node_modules/${name}` in lock.packages)
}

/**
 * @param {MissingPackage} missing
 * @returns {LockedPackage}
 */
function entryFor({ name, version, dev, peer }) {
  const { os, cpu, abi } = PLATFORM.exec(name)?.groups ?? {}
  if (os === undefined || cpu === undefined)
    throw new Error(`the name of ${name} does not say which platform it is for; add it to package-lock.json by hand`)
  const libc = LIBC[abi ?? '']
  return {
    version,
    cpu: [cpu],
    ...(dev ? { dev } : {}),
    ...(libc === undefined ? {} : { libc: [libc] }),
    optional: true,
    os: [os],
    ...(peer ? { peer } : {}),
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = new URL('../package-lock.json', import.meta.url)
  /** @type {LockFile} */
  const lock = JSON.parse(readFileSync(file, 'utf8'))
  const missing = missingPackages(lock)
  writeFileSync(file, `${JSON.stringify(completeLock(lock), null, 2)}\n`)
  process.stderr.write(`package-lock.json: added ${missing.length} packages of other platforms\n`)
}
