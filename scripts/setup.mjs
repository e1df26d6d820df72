/**
 * Owns set-up: everything a fresh checkout needs before its first command, done once and quickly seen to be done. Never
 * needs a package, runs on Node 18 and newer, and never changes the system outside of node_modules and the cache folder.
 */
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { findBrowser, installBrowser } from './setup/browser.mjs'
import { withLock } from './setup/lock.mjs'
import { installBundles, missingBundles } from './setup/monitoring.mjs'
import { installPackages, packagesAreReady } from './setup/packages.mjs'
import { createProgress } from './setup/progress.mjs'
import { SetupError } from './setup/run.mjs'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const abort = new AbortController()
const context = { root, env: process.env, signal: abort.signal, progress: createProgress(process.stderr) }

for (const [signal, code] of /** @type {const} */ ([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
])) {
  process.once(signal, () => {
    abort.abort(new SetupError(`stopped by ${signal}`))
    process.exitCode = code
  })
}

try {
  if (!packagesAreReady(root)) {
    // A second set-up of this checkout waits here, and finds nothing left to do.
    await withLock(path.join(root, '.cache', 'setup.lock'), context, async () => {
      if (!packagesAreReady(root)) await installPackages(context)
    })
  }
  const missing = missingBundles(context.env)
  if (missing.length > 0) await installBundles(context, missing)
  // Only tests look at pages. Without a browser those are left out, and the others run.
  if (process.argv[2] === 'vitest' && findBrowser(context.env) === undefined) await installBrowser(context)
} catch (error) {
  const fault = abort.signal.aborted ? abort.signal.reason : error
  if (!(fault instanceof SetupError)) throw fault
  if (fault.detail !== '') process.stderr.write(`${fault.detail}\n`)
  context.progress.say(fault.message)
  process.exitCode ??= 1
}
