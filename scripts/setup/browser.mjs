/**
 * Owns having a Chromium at hand for the tests of the console: finds one, or unpacks Debian's into the cache together with the
 * libraries that it needs and the machine lacks. Nothing of it is installed, and nothing but tests uses it.
 */
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { bundleDir, cacheDir } from '../../src/stack/tools.mjs'
import { aptIsPresent, unpackWithNeeds } from './apt.mjs'
import { inTempFolder } from './cache.mjs'

/** @typedef {import('./packages.mjs').SetupContext} SetupContext */

const FILE_NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']
const VERSION_TIMEOUT_MS = 30_000
/** Fonts as well: without any, pages have boxes for letters. */
const PACKAGES = ['chromium', 'fonts-liberation', 'fonts-dejavu-core', 'fontconfig-config']
const WAY_OUT = `install Chromium so that it is on PATH (Debian: apt-get install chromium), or name one in PROCWARDEN_BROWSER`

/**
 * The path of a Chromium that runs here: PROCWARDEN_BROWSER, PATH, the cache.
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {string | undefined}
 */
export function findBrowser(env = process.env) {
  const named = env['PROCWARDEN_BROWSER']
  const folders = (env['PATH'] ?? '').split(path.delimiter).filter((folder) => path.isAbsolute(folder))
  const onPath = folders.flatMap((folder) => FILE_NAMES.map((name) => path.join(folder, name)))
  const candidates = named ? [named] : [...onPath, path.join(bundleDir('chromium', env), 'chromium')]
  return candidates.find((file) => isProgram(file) && runs(file))
}

/**
 * Fetches Chromium where that can be done; says what to do where it cannot. Never fails: tests that need no browser run without one.
 * @param {SetupContext} context
 */
export async function installBrowser(context) {
  const { env, progress } = context
  if (process.platform !== 'linux' || !aptIsPresent(env))
    return progress.say(`there is no Chromium, so the tests of the console are left out; ${WAY_OUT}`)
  const result = await progress.step(`fetching Chromium for the tests with apt-get into ${cacheDir(env)}`, () =>
    inTempFolder(context, (folder) => fetchBrowser(context, folder)),
  )
  if (!result.ok)
    progress.say(
      `Chromium could not be fetched (${result.output.trim().split('\n').at(-1)}), so the tests of the console are left out; ${WAY_OUT}`,
    )
}

/**
 * @param {SetupContext} context
 * @param {string} folder
 * @returns {Promise<{ ok: boolean, output: string }>}
 */
async function fetchBrowser(context, folder) {
  const unpacked = await unpackWithNeeds(context, folder, PACKAGES)
  if (!unpacked.ok) return unpacked
  const staging = path.join(folder, 'chromium')
  mkdirSync(staging)
  renameSync(path.join(folder, 'unpacked'), path.join(staging, 'root'))
  writeFileSync(path.join(staging, 'fonts.conf'), fontConfiguration())
  writeFileSync(path.join(staging, 'chromium'), starter(path.join(staging, 'root')), { mode: 0o755 })
  if (!runs(path.join(staging, 'chromium'))) return { ok: false, output: "this distribution's Chromium does not run here" }
  const target = bundleDir('chromium', context.env)
  mkdirSync(path.dirname(target), { recursive: true })
  if (existsSync(target)) renameSync(target, path.join(folder, 'old'))
  renameSync(staging, target)
  return { ok: true, output: '' }
}

/**
 * Debian's own starter looks into /usr and /etc; this one looks beside itself first.
 * @param {string} root
 */
function starter(root) {
  const folders = libraryFolders(root).map((folder) => `$here/root/${folder}`)
  return [
    '#!/bin/sh',
    '# Made by set-up: Chromium for the tests, with the libraries that were not installed.',
    'here=$(CDPATH= cd -- "$(dirname "$0")" && pwd) || exit 1',
    `LD_LIBRARY_PATH="${folders.join(':')}\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"`,
    'FONTCONFIG_FILE="$here/fonts.conf"',
    'export LD_LIBRARY_PATH FONTCONFIG_FILE',
    'exec "$here/root/usr/lib/chromium/chromium" "$@"',
    '',
  ].join('\n')
}

/**
 * Where Debian puts libraries: usr/lib/TRIPLET, and folders below it for those that only one package's programs use.
 * @param {string} root
 */
function libraryFolders(root) {
  const foldersIn = (/** @type {string} */ folder) => {
    const inside = path.join(root, folder)
    if (!existsSync(inside)) return []
    return readdirSync(inside, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [`${folder}/${entry.name}`] : []))
  }
  const triplets = ['usr/lib', 'lib'].flatMap(foldersIn).filter((folder) => folder.endsWith('-linux-gnu'))
  const holdsLibraries = (/** @type {string} */ folder) => readdirSync(path.join(root, folder)).some((name) => /^lib.+[.]so/.test(name))
  return [...triplets, ...triplets.flatMap(foldersIn)].filter(holdsLibraries)
}

/** Paths are relative to this file (fonts-conf(5)). */
function fontConfiguration() {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir prefix="relative">root/usr/share/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
  <alias><family>sans-serif</family><prefer><family>Liberation Sans</family><family>DejaVu Sans</family></prefer></alias>
  <alias><family>system-ui</family><prefer><family>Liberation Sans</family><family>DejaVu Sans</family></prefer></alias>
  <alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
</fontconfig>
`
}

/** @param {string} file */
function runs(file) {
  const result = spawnSync(file, ['--version'], { encoding: 'utf8', timeout: VERSION_TIMEOUT_MS, stdio: ['ignore', 'pipe', 'pipe'] })
  return result.status === 0 && /(Chromium|Chrome) \d+/.test(result.stdout)
}

/** @param {string} file */
function isProgram(file) {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
