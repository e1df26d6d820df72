/**
 * Owns finding the programs procwarden runs but does not contain: Prometheus, Alertmanager and Grafana. Never downloads
 * and never writes. Plain JavaScript, because set-up runs it on Node 18, which cannot strip types.
 */
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** @typedef {'prometheus' | 'promtool' | 'alertmanager' | 'amtool' | 'grafana'} ToolName */
/** @typedef {{ readonly [name: string]: string | undefined }} Environment */
/**
 * @typedef {object} Tool
 * @property {readonly string[]} fileNames what the file may be called on PATH; Debian prefixes Alertmanager
 * @property {string} bundle the folder of the cache it is kept in, together with what is released with it
 * @property {string} versionMin the oldest release that loads the shipped rules and configuration
 * @property {readonly string[]} [folders] where packages put it outside of PATH
 * @property {readonly string[]} [notFrom] folders of PATH where packages put something else under its name
 */

/** @type {Readonly<Record<ToolName, Tool>>} */
const TOOLS = {
  prometheus: { fileNames: ['prometheus'], bundle: 'prometheus', versionMin: '2.42.0' },
  promtool: { fileNames: ['promtool'], bundle: 'prometheus', versionMin: '2.42.0' },
  alertmanager: { fileNames: ['alertmanager', 'prometheus-alertmanager'], bundle: 'alertmanager', versionMin: '0.25.0' },
  amtool: { fileNames: ['amtool'], bundle: 'alertmanager', versionMin: '0.25.0' },
  // Packages put a script on PATH that reads the configuration of the service, which an ordinary user may not; the program
  // itself is elsewhere. The dashboards need Grafana 11.
  grafana: {
    fileNames: ['grafana', 'grafana-server'],
    bundle: 'grafana',
    versionMin: '11.0.0',
    folders: ['/usr/share/grafana/bin', '/usr/local/share/grafana/bin'],
    notFrom: ['/usr/sbin', '/usr/bin'],
  },
}

const VERSION_TIMEOUT_MS = 20_000

/**
 * The absolute path of a tool that runs on this machine and is new enough, or undefined. PATH comes first, then the cache.
 * Each candidate is asked for its version, so a file of another machine or an outdated one is passed over.
 * @param {ToolName} name
 * @param {Environment} [env]
 * @returns {string | undefined}
 */
export function findTool(name, env = process.env) {
  return candidates(name, env).find((file) => isUsable(name, file))
}

/**
 * Where downloaded programs are kept: PROCWARDEN_CACHE_DIR, else the user's cache folder, else `.cache` beside the sources.
 * @param {Environment} [env]
 * @returns {string}
 */
export function cacheDir(env = process.env) {
  if (env['PROCWARDEN_CACHE_DIR']) return path.resolve(env['PROCWARDEN_CACHE_DIR'])
  const xdg = env['XDG_CACHE_HOME']
  // XDG base directory specification: a relative path is invalid and ignored.
  if (xdg && path.isAbsolute(xdg)) return path.join(xdg, 'procwarden')
  const home = env['HOME'] ?? os.homedir()
  if (path.isAbsolute(home) && isWritableFolder(path.join(home, '.cache'))) return path.join(home, '.cache', 'procwarden')
  return path.join(fileURLToPath(new URL('../..', import.meta.url)), '.cache')
}

/**
 * The folder of the cache that holds one release's programs for this platform.
 * @param {string} bundle
 * @param {Environment} [env]
 * @returns {string}
 */
export function bundleDir(bundle, env = process.env) {
  return path.join(cacheDir(env), 'tools', `${process.platform}-${process.arch}`, bundle)
}

/**
 * Whether the file runs here and is new enough for what procwarden ships.
 * @param {ToolName} name
 * @param {string} file
 * @returns {boolean}
 */
export function isUsable(name, file) {
  const version = versionOf(file)
  return version !== undefined && compareVersions(version, TOOLS[name].versionMin) >= 0
}

/**
 * @param {ToolName} name
 * @param {Environment} env
 * @returns {string[]}
 */
function candidates(name, env) {
  const tool = TOOLS[name]
  const onPath = (env['PATH'] ?? '').split(path.delimiter).filter((folder) => path.isAbsolute(folder) && !tool.notFrom?.includes(folder))
  return [...onPath, ...(tool.folders ?? []), bundleDir(tool.bundle, env)]
    .flatMap((folder) => tool.fileNames.map((fileName) => path.join(folder, fileName)))
    .filter(isProgram)
}

/**
 * `prometheus, version 2.42.0+ds (...)`, `alertmanager, version 0.28.1`, `grafana version 12.1.0`, `Version 11.0.0 (...)`
 * @param {string} file
 * @returns {string | undefined}
 */
function versionOf(file) {
  const result = spawnSync(file, ['--version'], { encoding: 'utf8', timeout: VERSION_TIMEOUT_MS, stdio: ['ignore', 'pipe', 'pipe'] })
  // Prometheus wrote its version to standard error before 2.27.
  return result.status === 0 ? /version (\d+\.\d+\.\d+)/i.exec(result.stdout + result.stderr)?.[1] : undefined
}

/**
 * @param {string} left
 * @param {string} right
 * @returns {number}
 */
function compareVersions(left, right) {
  const others = right.split('.').map(Number)
  const differing = left
    .split('.')
    .map((part, index) => Number(part) - (others[index] ?? 0))
    .find((difference) => difference !== 0)
  return differing ?? 0
}

/** @param {string} file */
function isProgram(file) {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}

/** @param {string} folder an existing folder that is writable, or one that can be made */
function isWritableFolder(folder) {
  try {
    accessSync(existsSync(folder) ? folder : path.dirname(folder), constants.W_OK)
    return true
  } catch {
    return false
  }
}
