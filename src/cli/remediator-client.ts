/** Owns asking a running remediator over its API: where it is, which token to show, and what its answers mean to a person. */
import { existsSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { Option } from 'commander'
import { z } from 'zod'
import { UsageError, messageOf } from '../lib/errors.ts'
import { readToken } from '../lib/token.ts'
import { TOKEN_FILES } from '../remediator/api/tokens.ts'
import { NotWaitingError } from './exit-codes.ts'
import { findRunningLoop } from '../stack/state-dir.ts'

export interface RemediatorFlags {
  readonly 'state.dir': string
  readonly 'remediator.url'?: string
  readonly 'remediator.tokenFile'?: string
}

const TIMEOUT_MS = 30_000
const CONFLICT = 409
const Refusal = z.object({ error: z.string(), faults: z.array(z.string()).optional() })

export function remediatorOptions(): Option[] {
  return [
    new Option('--remediator.url <url>', 'the remediator to ask (default: that of the loop running on the state folder)').env(
      'PROCWARDEN_REMEDIATOR_URL',
    ),
    new Option('--remediator.token-file <file>', 'token to show it (default: act-token in the state folder)'),
  ]
}

/** The address given, or that of the loop that runs on the state folder; undefined when none does. */
export function findRemediator(flags: RemediatorFlags): string | undefined {
  return flags['remediator.url'] ?? findRunningLoop(path.resolve(flags['state.dir']))?.remediator
}

/** As `findRemediator`; throws UsageError with the way out when there is none. */
export function requireRemediator(flags: RemediatorFlags): string {
  const url = findRemediator(flags)
  if (url !== undefined) return url
  throw new UsageError(`no loop runs on ${flags['state.dir']}: name its folder with --state.dir, or the remediator with --remediator.url`)
}

/** Who decides, for the record. */
export function whoami(): string {
  return `${os.userInfo().username} (command line)`
}

/** The answer's body. Throws UsageError with the remediator's own words when it refuses, or when it does not answer. */
export async function ask(
  url: string,
  route: string,
  flags: RemediatorFlags,
  body?: Readonly<Record<string, unknown>>,
  timeoutMs = TIMEOUT_MS,
): Promise<unknown> {
  const headers = { authorization: `Bearer ${token(flags)}`, 'content-type': 'application/json' }
  const request = body === undefined ? { headers } : { headers, method: 'POST', body: JSON.stringify(body) }
  let response: Response
  try {
    response = await fetch(new URL(route, url), { ...request, signal: AbortSignal.timeout(timeoutMs) })
  } catch (error) {
    throw new UsageError(`the remediator at ${url} does not answer: ${causeOf(error)}`, error)
  }
  const answer: unknown = await response.json().catch(() => ({}))
  if (response.ok) return answer
  const { error = `the remediator answered ${response.status}`, faults = [] } = Refusal.safeParse(answer).data ?? {}
  const words = [error, ...faults].join('; ')
  throw response.status === CONFLICT ? new NotWaitingError(words) : new UsageError(words)
}

function token(flags: RemediatorFlags): string {
  const given = flags['remediator.tokenFile']
  if (given !== undefined) return readToken(given, { create: false })
  const files = [TOKEN_FILES.act, TOKEN_FILES.webhook].map((name) => path.join(path.resolve(flags['state.dir']), name))
  return readToken(files.find((file) => existsSync(file)) ?? files[0] ?? '', { create: false })
}

/** `fetch failed` says nothing; its cause does. */
function causeOf(error: unknown): string {
  return error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : messageOf(error)
}
