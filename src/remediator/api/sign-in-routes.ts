/** Owns the route that gives out links into the console to whoever has a token already. */
import { z } from 'zod'
import { personByIdentity } from '../console/people.ts'
import type { ApiContext } from './context.ts'
import { nameFor } from './name-for.ts'
import { defineRoute, type Route } from './route.ts'

const LinkBody = z.looseObject({
  by: z.string().max(1_024).optional().describe('Who will be signed in, for the record.'),
  scopes: z
    .array(z.enum(['read', 'act']))
    .min(1)
    .default(['read', 'act'])
    .describe('At most what the token itself may do.'),
})

export function signInRoutes({ links, authentication, clock }: ApiContext): Route[] {
  return [
    defineRoute(
      {
        method: 'post',
        path: '/api/sign-in-links',
        scope: 'read',
        summary: 'Makes a link that signs a person in to the console: once, and soon. It may at most do what the token may.',
        body: LinkBody,
        answers: { 200: { what: 'The link.', schema: 'SignInLink' }, 403: { what: 'Nobody can be signed in with this.', schema: 'Error' } },
      },
      ({ body, identity }) => {
        const scopes = [...new Set<'read' | 'act'>(['read', ...body.scopes])]
        const person = personByIdentity(identity, nameFor(body.by, identity.name), scopes, authentication())
        if (!person) return { status: 403, body: { error: `${identity.name} may not read` } }
        const { code, lifeMs } = links.issue(person)
        return { status: 200, body: { path: `/sign-in/${code}`, expiresAt: new Date(clock.nowMs() + lifeMs).toISOString() } }
      },
    ),
  ]
}
