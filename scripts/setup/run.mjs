/** Owns running one program of set-up: its output is kept for the case of failure, and it never outlives set-up. */
import { spawn } from 'node:child_process'

const OUTPUT_BYTES_MAX = 200_000

/** A fault a person can do something about: the message is one sentence with the way out, the detail is what a program said. */
export class SetupError extends Error {
  /**
   * @param {string} message
   * @param {string} [detail]
   */
  constructor(message, detail = '') {
    super(message)
    this.name = 'SetupError'
    this.detail = detail.trim()
  }
}

/**
 * @typedef {object} RunOptions
 * @property {AbortSignal} signal ends the program and everything it started
 * @property {number} timeoutMs
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env]
 */

/**
 * Runs a program to its end. `ok` is whether it exited with 0; `output` is the end of what it wrote. Rejects only when aborted.
 * @param {string} file
 * @param {readonly string[]} args
 * @param {RunOptions} options
 * @returns {Promise<{ ok: boolean, output: string }>}
 */
export function run(file, args, options) {
  return new Promise((resolve, reject) => {
    // A group of its own, so that npm's and apt's own children end with them.
    const child = spawn(file, args, { cwd: options.cwd, env: options.env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const keep = (/** @type {Buffer} */ chunk) => {
      output = (output + chunk.toString()).slice(-OUTPUT_BYTES_MAX)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)

    const killGroup = () => {
      if (child.pid !== undefined) killQuietly(-child.pid)
    }
    const timer = setTimeout(() => {
      output += `\ngave up after ${options.timeoutMs / 1000} s\n`
      killGroup()
    }, options.timeoutMs)
    options.signal.addEventListener('abort', killGroup)
    const finish = () => {
      clearTimeout(timer)
      options.signal.removeEventListener('abort', killGroup)
    }
    child.on('error', (error) => {
      finish()
      resolve({ ok: false, output: `${file}: ${error.message}` })
    })
    child.on('close', (code) => {
      finish()
      if (options.signal.aborted) reject(options.signal.reason)
      else resolve({ ok: code === 0, output })
    })
  })
}

/** @param {number} pid */
function killQuietly(pid) {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
