/** Owns fetching programs out of Debian and Ubuntu packages without installing them: no root, no service, no system state. */
import { accessSync, constants, mkdirSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { run } from './run.mjs'

/** @typedef {import('./packages.mjs').SetupContext} SetupContext */

const APT_TIMEOUT_MS = 10 * 60_000

/** @param {NodeJS.ProcessEnv} env */
export function aptIsPresent(env) {
  const folders = (env['PATH'] ?? '').split(path.delimiter)
  return ['apt-get', 'dpkg-deb'].every((program) => folders.some((folder) => isExecutable(path.join(folder, program))))
}

/**
 * Downloads the packages and unpacks them into `folder`/unpacked.
 * @param {Pick<SetupContext, 'env' | 'signal'>} context
 * @param {string} folder
 * @param {readonly string[]} packages
 * @returns {Promise<{ ok: boolean, output: string }>}
 */
export async function unpackFromApt(context, folder, packages) {
  const { apt, options } = prepare(context, folder)

  // What their web pages are made of. It is not needed for anything else, so being without it is no fault.
  const pagesOf = async (/** @type {readonly string[]} */ of) => {
    const flags = ['--recurse', '--no-recommends', '--no-suggests', '--no-conflicts', '--no-breaks', '--no-replaces', '--no-enhances']
    const depends = await run('apt-cache', [...privateState(folder), 'depends', ...flags, ...of], options)
    return depends.output.split('\n').filter((line) => /^(libjs|fonts)-\S+$/.test(line))
  }

  // One unreachable third-party source fails the update and still leaves what is needed here.
  const update = await apt('update')
  const download = await apt('download', ...packages)
  if (download.ok) await apt('download', ...(await pagesOf(packages)))
  if (!download.ok) return { ok: false, output: update.output + download.output }
  return unpackAll(folder, options)
}

/**
 * As `unpackFromApt`, together with every package that they need and that is not installed.
 * @param {Pick<SetupContext, 'env' | 'signal'>} context
 * @param {string} folder
 * @param {readonly string[]} packages
 * @returns {Promise<{ ok: boolean, output: string }>}
 */
export async function unpackWithNeeds(context, folder, packages) {
  const { apt, options } = prepare(context, folder)
  const update = await apt('update')
  // Only said, not done: needs no root.
  const plan = await apt('install', '--simulate', '--no-install-recommends', ...packages)
  if (!plan.ok) return { ok: false, output: update.output + plan.output }
  const missing = plan.output.split('\n').flatMap((line) => /^Inst (\S+)/.exec(line)?.[1] ?? [])
  const download = await apt('download', ...new Set([...packages, ...missing]))
  return download.ok ? unpackAll(folder, options) : download
}

/** @typedef {import('./run.mjs').RunOptions} RunOptions */

/**
 * @param {Pick<SetupContext, 'env' | 'signal'>} context
 * @param {string} folder
 */
function prepare({ env, signal }, folder) {
  const downloads = path.join(folder, 'downloads')
  for (const name of ['downloads', 'unpacked', 'state/lists/partial', 'cache/archives/partial']) {
    mkdirSync(path.join(folder, name), { recursive: true })
  }
  const options = { cwd: downloads, env: { ...env, LC_ALL: 'C.UTF-8' }, signal, timeoutMs: APT_TIMEOUT_MS }
  const apt = (/** @type {string[]} */ ...args) => run('apt-get', [...privateState(folder), ...args], options)
  return { apt, options }
}

/**
 * @param {string} folder
 * @param {RunOptions} options
 * @returns {Promise<{ ok: boolean, output: string }>}
 */
async function unpackAll(folder, options) {
  for (const name of readdirSync(path.join(folder, 'downloads'))) {
    const unpack = await run('dpkg-deb', ['-x', path.join(folder, 'downloads', name), path.join(folder, 'unpacked')], options)
    if (!unpack.ok) return unpack
  }
  return { ok: true, output: '' }
}

/**
 * apt.conf(5): lists and caches of our own, so that neither root nor an earlier update is needed and nothing of the system's changes.
 * @param {string} folder
 */
function privateState(folder) {
  return [
    ['Dir::State', path.join(folder, 'state')],
    ['Dir::State::status', '/var/lib/dpkg/status'],
    ['Dir::Cache', path.join(folder, 'cache')],
    ['Debug::NoLocking', '1'],
    // As root apt would download as the user _apt, who may not write here.
    ['APT::Sandbox::User', 'root'],
    ['Acquire::Languages', 'none'],
    ['Acquire::Retries', '2'],
  ].flatMap(([name, value]) => ['-o', `${name}=${value}`])
}

/** @param {string} file */
function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
