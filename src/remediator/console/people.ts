/** Owns who may sign in, as whom, and what of that still holds at each request: a token that was replaced ends its sessions. */
import type { IncomingMessage } from 'node:http'
import { printable } from '../../lib/log.ts'
import { createAuthenticate, type AuthenticateOptions, type KnownToken } from '../api/authenticate.ts'
import type { Identity, Scope } from '../api/scope.ts'
import { digestOf, isSameSecret, type Person } from './sessions.ts'

const NAME_LENGTH_MAX = 60

/** Undefined for a wrong token, and for one that may not even read. Takes the same time for every wrong one. */
export function personByToken(token: string, name: string, { tokens }: AuthenticateOptions): Person | undefined {
  // All are compared, so that time does not tell which one came close.
  const matching = tokens.filter((known) => isSameSecret(token, known.token))
  const [first] = matching
  return first && tokenPerson(first, scopesOf(matching), name)
}

/** For whoever has shown a token to the API already. */
export function personByIdentity(
  identity: Identity,
  name: string,
  scopes: readonly Scope[],
  { tokens }: AuthenticateOptions,
): Person | undefined {
  const known = tokens.find((each) => each.name === identity.name)
  const granted = scopes.filter((scope) => identity.scopes.has(scope))
  if (known) return tokenPerson(known, granted, name)
  return granted.includes('read')
    ? { name: nameOr(name, identity.name), scopes: new Set(granted), warrant: { kind: 'admission', name: identity.name } }
    : undefined
}

/** Whoever the web configuration has let in by password or certificate. */
export function personByAdmission(request: IncomingMessage, options: AuthenticateOptions): Person | undefined {
  if (options.admissions.of(request) === undefined) return undefined
  const identity = createAuthenticate(() => ({ ...options, tokens: [] }))(request)
  if (!identity?.scopes.has('read')) return undefined
  return { name: identity.name, scopes: identity.scopes, warrant: { kind: 'admission', name: identity.name } }
}

/** What a person may do now; nothing once what the sign-in rests on is gone. */
export function scopesNow({ warrant, scopes }: Person, request: IncomingMessage, options: AuthenticateOptions): ReadonlySet<Scope> {
  const allowed =
    warrant.kind === 'token'
      ? scopesOf(options.tokens.filter(({ token }) => digestOf(token) === warrant.digest))
      : admittedScopes(warrant.name, request, options)
  return new Set(allowed.filter((scope) => scopes.has(scope)))
}

function admittedScopes(name: string, request: IncomingMessage, options: AuthenticateOptions): Scope[] {
  const person = personByAdmission(request, options)
  return person?.name === name ? [...person.scopes] : []
}

function tokenPerson({ token, name: tokenName }: KnownToken, scopes: readonly Scope[], name: string): Person | undefined {
  if (!scopes.includes('read')) return undefined
  return {
    name: nameOr(name, `somebody with ${tokenName}`),
    scopes: new Set(scopes.filter((scope) => scope !== 'receive')),
    warrant: { kind: 'token', digest: digestOf(token), name: tokenName },
  }
}

function scopesOf(tokens: readonly KnownToken[]): Scope[] {
  return tokens.flatMap(({ scopes }) => scopes)
}

function nameOr(given: string, otherwise: string): string {
  const name = printable(given).trim().slice(0, NAME_LENGTH_MAX)
  return name === '' ? otherwise : name
}
