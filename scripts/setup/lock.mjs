/** Owns that two set-ups of one checkout do not install at once. A lock whose holder has died is taken over. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/** @typedef {import('./packages.mjs').SetupContext} SetupContext */

const POLL_MS = 200

/**
 * @param {string} file holds the process id of the set-up at work
 * @param {Pick<SetupContext, 'signal' | 'progress'>} context
 * @param {() => Promise<void>} work
 */
export async function withLock(file, { signal, progress }, work) {
  mkdirSync(path.dirname(file), { recursive: true })
  let announced = false
  while (!take(file)) {
    const holder = holderOf(file)
    if (holder === undefined || !isAlive(holder)) rmSync(file, { force: true })
    else if (!announced) {
      progress.say(`waiting for the set-up that is already at work (process ${holder})`)
      announced = true
    }
    await delay(POLL_MS, undefined, { signal })
  }
  try {
    await work()
  } finally {
    rmSync(file, { force: true })
  }
}

/** @param {string} file */
function take(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

/**
 * @param {string} file
 * @returns {number | undefined}
 */
function holderOf(file) {
  try {
    return Number(readFileSync(file, 'utf8')) || undefined
  } catch {
    return undefined
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
