/** Owns working folders of the cache: what is finished there moves into its place with one rename. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import path from 'node:path'
import { cacheDir } from '../../src/stack/tools.mjs'
import { SetupError } from './run.mjs'

/** @typedef {import('./packages.mjs').SetupContext} SetupContext */

/**
 * Gives work a folder on the cache's file system, which is gone afterwards.
 * @template Result
 * @param {SetupContext} context
 * @param {(folder: string) => Promise<Result>} work
 * @returns {Promise<Result>}
 */
export async function inTempFolder(context, work) {
  const cache = cacheDir(context.env)
  let folder
  try {
    mkdirSync(cache, { recursive: true })
    folder = mkdtempSync(path.join(cache, 'fetch-'))
  } catch (error) {
    throw new SetupError(
      `the cache folder ${cache} cannot be written (${error instanceof Error ? error.message : 'unknown reason'}); set PROCWARDEN_CACHE_DIR to one that can`,
    )
  }
  try {
    return await work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
