/** Owns node_modules: whether it is what package-lock.json asks for, and making it so with npm. Never changes the lock file. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { SetupError, run } from './run.mjs'

/** @typedef {import('./progress.mjs').Progress} Progress */
/** @typedef {{ root: string, env: NodeJS.ProcessEnv, signal: AbortSignal, progress: Progress }} SetupContext */
/** @typedef {{ version?: string, integrity?: string, optional?: boolean, link?: boolean }} LockedPackage */

const NODE_MAJOR_MIN = 24
const NPM_TIMEOUT_MS = 15 * 60_000

/**
 * Whether nothing is left to do: every package is there in its locked version, and the bundled Node runs.
 * @param {string} root
 */
export function packagesAreReady(root) {
  return packagesMatchLock(root) && bundledNodeRuns(root)
}

/**
 * Installs what is missing. Throws SetupError with npm's output.
 * @param {SetupContext} context
 */
export async function installPackages(context) {
  const { root, progress } = context
  if (!packagesMatchLock(root)) {
    const result = await progress.step('installing the packages of package-lock.json (npm ci)', () => npmCi(context))
    if (!result.ok) {
      throw new SetupError(
        'npm ci failed; see what npm says above, put it right (is the package registry reachable?) and run this again',
        result.output,
      )
    }
  }
  if (!bundledNodeRuns(root)) {
    const result = await progress.step(
      `npm ran no install script, so fetching Node ${NODE_MAJOR_MIN} with the installer of its package`,
      () => fetchNode(context),
    )
    if (!bundledNodeRuns(root)) {
      throw new SetupError(
        `Node ${NODE_MAJOR_MIN} could not be fetched for this platform; install it from https://nodejs.org/ and run this again`,
        result.output,
      )
    }
  }
}

/**
 * npm writes node_modules/.package-lock.json as the last thing of an installation, so an interrupted one has none, and it
 * names what is there, however it came there.
 * @param {string} root
 */
function packagesMatchLock(root) {
  const wanted = readPackages(path.join(root, 'package-lock.json'))
  const present = readPackages(path.join(root, 'node_modules', '.package-lock.json'))
  if (wanted === undefined)
    throw new SetupError('package-lock.json is missing or damaged; restore it from version control and run this again')
  if (present === undefined) return false
  return Object.entries(wanted).every(([location, locked]) => {
    if (location === '') return true
    const found = present[location]
    if (found === undefined) return locked.optional === true
    return found.version === locked.version && found.integrity === locked.integrity && existsSync(path.join(root, location))
  })
}

/** @param {string} root */
function bundledNodeRuns(root) {
  const result = spawnSync(path.join(root, 'node_modules', 'node', 'bin', 'node'), ['--version'], { encoding: 'utf8' })
  return result.status === 0 && Number.parseInt(result.stdout.slice(1), 10) >= NODE_MAJOR_MIN
}

/**
 * @param {string} file
 * @returns {Record<string, LockedPackage> | undefined}
 */
function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages
  } catch {
    return undefined
  }
}

/** @param {SetupContext} context */
function npmCi(context) {
  // Node itself is a development dependency, whatever NODE_ENV says; warnings about the Node that runs npm would mislead.
  return npm(context, ['ci', '--include=dev', '--engine-strict=false', '--loglevel=error', '--no-audit', '--no-fund'])
}

/**
 * @param {SetupContext} context
 * @param {readonly string[]} args
 */
function npm({ root, env, signal }, args) {
  const cli = env['npm_execpath']
  const options = { cwd: root, env: envOutsideNodeModules(root, env), signal, timeoutMs: NPM_TIMEOUT_MS }
  // npm_execpath may also be yarn's or pnpm's, which have no `ci`.
  if (cli !== undefined && path.basename(cli) === 'npm-cli.js')
    return run(env['npm_node_execpath'] ?? process.execPath, [cli, ...args], options)
  return run('npm', args, options)
}

/** @param {SetupContext} context */
function fetchNode({ root, env, signal }) {
  const cwd = path.join(root, 'node_modules', 'node')
  // The package's own installer, run where npm would run it; it calls the npm on PATH.
  return run(process.execPath, ['installArchSpecificPackage.js'], {
    cwd,
    env: { ...envOutsideNodeModules(root, env), npm_config_loglevel: 'error' },
    signal,
    timeoutMs: NPM_TIMEOUT_MS,
  })
}

/**
 * Without node_modules/.bin on PATH, so that npm does not run on the very Node it is about to replace.
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 */
function envOutsideNodeModules(root, env) {
  const own = path.join(root, 'node_modules')
  const folders = (env['PATH'] ?? '').split(path.delimiter).filter((folder) => !path.resolve(folder).startsWith(own))
  return { ...env, PATH: folders.join(path.delimiter) }
}
