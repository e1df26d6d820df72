/** Owns reading where the advisor is and by which key it answers. The key is never part of a message. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { UsageError, messageOf } from '../../lib/errors.ts'
import type { AdvisorConfig, AdvisorSettings } from './config.ts'

/** Undefined when none is configured. Throws UsageError when its key cannot be read. */
export function advisorSettings(
  advisor: AdvisorConfig,
  environment: NodeJS.ProcessEnv,
  configFile: string | undefined,
): AdvisorSettings | undefined {
  const { url, model, key_file: file } = advisor
  if (url === undefined || model === undefined) return undefined
  return { ...advisor, url, model, key: environment['PROCWARDEN_ADVISOR_KEY'] ?? readKey(file, configFile) }
}

function readKey(file: string | undefined, configFile: string | undefined): string | undefined {
  if (file === undefined) return undefined
  const resolved = path.resolve(configFile === undefined ? '.' : path.dirname(configFile), file)
  try {
    return readFileSync(resolved, 'utf8').trim()
  } catch (error) {
    throw new UsageError(`cannot read advisor.key_file ${resolved}: ${messageOf(error)}`, error)
  }
}
