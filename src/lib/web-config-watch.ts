/** Owns having the web configuration as it is on disk now. A faulty change is logged once, and the configuration before it stays in force. */
import { statSync } from 'node:fs'
import { messageOf } from './errors.ts'
import type { Logger } from './log.ts'
import { readWebConfig, type WebConfig } from './web-config.ts'

export interface WebConfigWatch {
  /** The configuration in force. Cheap when nothing has changed: one stat(2) for each file. */
  current(): WebConfig
}

/** After a fault, files that were not known of may have come into being: it is tried again at most this often. */
const RETRY_MS = 1000

/** Throws UsageError when the file is faulty now. */
export function watchWebConfig(file: string, log: Logger): WebConfigWatch {
  let { config, print } = readAnew(file)
  let fault: { readonly message: string; readonly atMs: number } | undefined
  return {
    current: () => {
      const printNow = fingerprint(config.files)
      const isDue = fault !== undefined && performance.now() - fault.atMs >= RETRY_MS
      if (printNow === print && !isDue) return config
      print = printNow
      try {
        const next = readAnew(file)
        refuseSwitch(config, next.config)
        config = next.config
        print = next.print
        fault = undefined
        log.info('the web configuration is read anew')
      } catch (error) {
        const message = messageOf(error)
        if (message !== fault?.message) log.error(`the web configuration is refused, and the one before it stays in force: ${message}`)
        fault = { message, atMs: performance.now() }
      }
      return config
    },
  }
}

/** What is written while it is being read differs from the fingerprint, which is therefore taken before the reading that counts. */
function readAnew(file: string): { config: WebConfig; print: string } {
  const print = fingerprint(readWebConfig(file).files)
  return { config: readWebConfig(file), print }
}

/** A listening server either speaks TLS or does not. */
function refuseSwitch(before: WebConfig, after: WebConfig): void {
  if ((before.tls === undefined) !== (after.tls === undefined)) throw new Error('TLS is switched on and off by a restart only')
}

/** Differs when any of the files was written, replaced (also behind a symbolic link) or removed. */
function fingerprint(files: readonly string[]): string {
  return files
    .map((file) => {
      const stat = statSync(file, { bigint: true, throwIfNoEntry: false })
      return stat === undefined ? '-' : `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}`
    })
    .join(' ')
}
