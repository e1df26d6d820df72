/** Owns who asks and what they may do: bearer tokens with scopes, and what the web configuration's TLS or passwords have admitted. */
import type { IncomingMessage } from 'node:http'
import { isAuthorized } from '../../lib/token.ts'
import type { Admissions } from '../../lib/web-admission.ts'
import { SCOPES } from '../config.ts'
import type { Identity, Scope } from './scope.ts'

export interface KnownToken {
  readonly token: string
  readonly name: string
  readonly scopes: readonly Scope[]
}

export interface CertificateScopes {
  /** A subject alternative name or the common name. */
  readonly name: string
  readonly scopes: readonly Scope[]
}

export interface AuthenticateOptions {
  readonly tokens: readonly KnownToken[]
  /** Empty: every certificate that the web configuration verifies may do everything. */
  readonly certificates: readonly CertificateScopes[]
  readonly admissions: Admissions
}

/** Undefined for a stranger. Takes the same time whatever a wrong token is like. */
export function createAuthenticate(options: () => AuthenticateOptions): (request: IncomingMessage) => Identity | undefined {
  return (request) => {
    const current = options()
    return byToken(request, current.tokens) ?? byWebConfig(request, current)
  }
}

/** Every token is compared, so that time does not tell which one came close. */
function byToken(request: IncomingMessage, tokens: readonly KnownToken[]): Identity | undefined {
  const matching = tokens.filter(({ token }) => isAuthorized(request.headers.authorization, token))
  const [first] = matching
  return first && { name: first.name, scopes: new Set(matching.flatMap(({ scopes }) => scopes)) }
}

function byWebConfig(request: IncomingMessage, { certificates, admissions }: AuthenticateOptions): Identity | undefined {
  const admission = admissions.of(request)
  if (admission === undefined) return undefined
  if (admission.kind === 'password') return { name: `user ${admission.user}`, scopes: new Set(SCOPES) }
  const name = `certificate ${admission.names[0] ?? 'without a name'}`
  if (certificates.length === 0) return { name, scopes: new Set(SCOPES) }
  const scopes = certificates.filter((known) => admission.names.includes(known.name)).flatMap((known) => known.scopes)
  return scopes.length === 0 ? undefined : { name, scopes: new Set(scopes) }
}
