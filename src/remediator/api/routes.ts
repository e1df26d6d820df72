/** Owns the list of the API's routes, in the order of the document. */
import { openApiDocument } from './openapi.ts'
import type { ApiContext } from './context.ts'
import { checkRoutes } from './check-routes.ts'
import { controlRoutes } from './control-routes.ts'
import { incidentRoutes } from './incident-routes.ts'
import { peopleRoutes } from './people-routes.ts'
import { recordRoutes } from './record-routes.ts'
import { signInRoutes } from './sign-in-routes.ts'
import { defineRoute, type Route, type RouteDescription } from './route.ts'

/** The webhook has a body of its own size and an answer that waits for the disk; here it is only described. */
const WEBHOOK: RouteDescription = {
  method: 'post',
  path: '/api/webhook',
  scope: 'receive',
  summary: "Takes Alertmanager's webhook payload, version 4. The alerts are on disk when it answers 200.",
  answers: {
    200: { what: 'The alerts are on disk.', schema: 'Accepted' },
    413: { what: 'The payload is too large.', schema: 'Error' },
  },
}

export function apiRoutes(context: ApiContext, version: string): Route[] {
  const routes = [
    ...incidentRoutes(context),
    ...peopleRoutes(context),
    ...controlRoutes(context),
    ...checkRoutes(context),
    ...recordRoutes(context),
    ...signInRoutes(context),
  ]
  const openApi = defineRoute(
    {
      method: 'get',
      path: '/api/openapi.json',
      scope: 'read',
      summary: 'This document.',
      answers: { 200: { what: 'OpenAPI 3.1.', schema: 'OpenApi' } },
    },
    () => ({ status: 200, body: document }),
  )
  const document = openApiDocument([WEBHOOK, ...routes, openApi], version)
  return [...routes, openApi]
}
