/** Owns which token files there are, and what each token may do. */
import path from 'node:path'
import { readToken } from '../../lib/token.ts'
import type { RemediatorOptions } from '../config.ts'
import type { KnownToken } from './authenticate.ts'
import type { Scope } from './scope.ts'

/** In the state folder; each is made, readable by its owner only, when it is not there. */
export const TOKEN_FILES = { webhook: 'webhook-token', read: 'read-token', act: 'act-token' } as const

/** Reads all tokens anew. Throws UsageError when one cannot be read. */
export function readTokens(options: RemediatorOptions, webhookScopes: readonly Scope[]): KnownToken[] {
  const { stateDir, tokenFile, readTokenFile, actTokenFile } = options
  const token = (given: string | undefined, name: string): string => readToken(given ?? path.join(stateDir, name), { create: true })
  return [
    { name: 'the webhook token', token: token(tokenFile, TOKEN_FILES.webhook), scopes: webhookScopes },
    { name: 'the read token', token: token(readTokenFile, TOKEN_FILES.read), scopes: ['read'] },
    { name: 'the act token', token: token(actTokenFile, TOKEN_FILES.act), scopes: ['read', 'act'] },
  ]
}
