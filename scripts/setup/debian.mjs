/**
 * Owns making Debian's programs run where they were not installed: their pages and templates stay beside them, and a small
 * starter tells them so. Never touches /usr.
 */
import { spawn } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { isUsable } from '../../src/stack/tools.mjs'
import { run } from './run.mjs'

/** @typedef {import('./packages.mjs').SetupContext} SetupContext */

const COPY_TIMEOUT_MS = 60_000
const LOAD_TIMEOUT_MS = 20_000

/** Debian takes Alertmanager's templates out of the program; the path to them is compiled in (34 bytes) and no flag changes it. */
const TEMPLATES = 'usr/share/prometheus/alertmanager'
/** An open folder of the starter's: as good as a path, and of any length up to those 34 bytes (proc_pid_fd(5)). */
const TEMPLATES_DESCRIPTOR = '/proc/self/fd/9'

/**
 * Puts Prometheus and promtool of an unpacked package into `target`.
 * @param {SetupContext} context
 * @param {string} unpacked
 * @param {string} target
 * @returns {Promise<boolean>} whether they run
 */
export async function placePrometheus(context, unpacked, target) {
  const program = place(path.join(unpacked, 'usr/bin/prometheus'), path.join(target, 'libexec', 'prometheus'))
  const promtool = place(path.join(unpacked, 'usr/bin/promtool'), path.join(target, 'promtool'))
  if (!program || !promtool || !isUsable('promtool', promtool)) return false
  // Two hundred megabytes of history of time zones, which no page of Prometheus loads.
  rmSync(path.join(unpacked, 'usr/share/javascript/moment-timezone/data'), { recursive: true, force: true })
  // Links into packages that were not fetched are left out, and are no reason to go without the rest.
  await run('cp', ['-rL', path.join(unpacked, 'usr/share/prometheus/web'), path.join(target, 'web')], {
    ...context,
    timeoutMs: COPY_TIMEOUT_MS,
  })
  return isUsable('prometheus', starter(target, 'prometheus', ['--web.local-assets="$here/web"']))
}

/**
 * Puts Alertmanager and amtool of an unpacked package into `target`.
 * @param {SetupContext} context
 * @param {string} unpacked
 * @param {string} target
 * @returns {Promise<boolean>} whether they run, and Alertmanager loads a configuration
 */
export async function placeAlertmanager(context, unpacked, target) {
  const program = place(path.join(unpacked, 'usr/bin/prometheus-alertmanager'), path.join(target, 'libexec', 'alertmanager'))
  const amtool = place(path.join(unpacked, 'usr/bin/amtool'), path.join(target, 'amtool'))
  const share = path.join(unpacked, TEMPLATES)
  if (!program || !amtool || !isUsable('amtool', amtool) || !existsSync(share) || !redirectTemplates(program)) return false
  renameSync(share, path.join(target, 'templates'))
  const started = starter(target, 'alertmanager', ['--web.ui-path="$here/templates/no-ui"'], 'exec 9<"$here/templates"')
  return isUsable('alertmanager', started) && (await loadsConfiguration(context, started, target))
}

/**
 * @param {string} from
 * @param {string} to
 * @returns {string | undefined}
 */
function place(from, to) {
  if (!existsSync(from)) return undefined
  mkdirSync(path.dirname(to), { recursive: true })
  copyFileSync(from, to)
  return to
}

/**
 * @param {string} target
 * @param {string} name
 * @param {readonly string[]} flags
 * @param {string} [before]
 */
function starter(target, name, flags, before = ':') {
  const file = path.join(target, name)
  const lines = [
    '#!/bin/sh',
    '# Made by set-up: Debian looks for what belongs to this program in /usr/share, and it was not installed there.',
    'here=$(CDPATH= cd -- "$(dirname "$0")" && pwd) || exit 1',
    before,
    `exec "$here/libexec/${name}" ${flags.join(' ')} "$@"`,
  ]
  writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o755 })
  return file
}

/**
 * Writes the descriptor's path over the compiled-in one. The longer paths that begin alike are other strings.
 * @param {string} program
 * @returns {boolean} whether there was exactly one to write over
 */
function redirectTemplates(program) {
  const content = readFileSync(program)
  const compiled = Buffer.from(`/${TEMPLATES}`)
  const places = []
  for (let at = content.indexOf(compiled); at !== -1; at = content.indexOf(compiled, at + 1)) {
    if (content[at + compiled.length] !== '/'.charCodeAt(0)) places.push(at)
  }
  const [only, ...others] = places
  if (only === undefined || others.length > 0) return false
  content.write(TEMPLATES_DESCRIPTOR.padEnd(compiled.length, '/'), only)
  writeFileSync(program, content)
  return true
}

/**
 * @param {Pick<SetupContext, 'signal'>} context
 * @param {string} alertmanager
 * @param {string} folder
 * @returns {Promise<boolean>}
 */
function loadsConfiguration({ signal }, alertmanager, folder) {
  const trial = path.join(folder, 'trial')
  mkdirSync(trial)
  const config = path.join(trial, 'alertmanager.yml')
  writeFileSync(config, 'route: {receiver: nobody}\nreceivers: [{name: nobody}]\n')
  const flags = [`--config.file=${config}`, `--storage.path=${trial}`, '--web.listen-address=127.0.0.1:0', '--cluster.listen-address=']
  return new Promise((resolve) => {
    const child = spawn(alertmanager, flags, {
      stdio: ['ignore', 'ignore', 'pipe'],
      signal,
      timeout: LOAD_TIMEOUT_MS,
      killSignal: 'SIGKILL',
    })
    let said = ''
    child.stderr.on('data', (/** @type {Buffer} */ chunk) => {
      said += chunk.toString()
      if (said.includes('Completed loading of configuration file')) child.kill('SIGKILL')
    })
    child.on('error', () => resolve(false))
    child.on('close', () => {
      rmSync(trial, { recursive: true, force: true })
      resolve(said.includes('Completed loading of configuration file'))
    })
  })
}
