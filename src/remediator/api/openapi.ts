/** Owns the OpenAPI document: made of the same routes and schemas that answer, so that it cannot say anything else. */
import { z } from 'zod'
import { WebhookPayload } from '../webhook-payload.ts'
import type { RouteDescription } from './route.ts'
import * as schemas from './schemas.ts'

type Json = Readonly<Record<string, unknown>>

/** Answers that any route may give. */
const COMMON: Readonly<Record<number, string>> = {
  400: 'The request is not understood; `faults` says where.',
  401: 'The token is missing or wrong.',
  403: 'The token does not have the scope, or the request comes from a page of another site.',
  429: 'Too many requests; Retry-After says when to try again. The webhook never answers so.',
  503: 'The store cannot be used right now; try again.',
}

/** OpenAPI 3.1: its schemas are JSON Schema 2020-12, which is what zod writes. */
export function openApiDocument(routes: readonly RouteDescription[], version: string): Json {
  const paths: Record<string, Record<string, Json>> = {}
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [route.method]: operation(route) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'procwarden remediator',
      version,
      description: 'What was noticed, what was done about it, and the answers of people. Scopes: receive, read, act.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    security: [{ bearer: [] }, { clientCertificate: [] }],
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'A token with the scope of the route.' },
        clientCertificate: { type: 'mutualTLS', description: 'A certificate that --web.config.file verifies.' },
      },
      schemas: componentSchemas(),
    },
  }
}

function operation(route: RouteDescription): Json {
  const { query, body, path } = route
  const parameters = [
    ...[...path.matchAll(/:(\w+)/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
    ...(query ? queryParameters(query) : []),
  ]
  const common = Object.entries(COMMON).filter(([status]) => !(path === WEBHOOK_PATH && status === '429'))
  return {
    summary: route.summary,
    description: `Scope: ${route.scope}.`,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body || path === WEBHOOK_PATH ? { requestBody: requestBody(route) } : {}),
    responses: {
      ...Object.fromEntries(common.map(([status, what]) => [status, response(what, 'Error')])),
      ...Object.fromEntries(Object.entries(route.answers).map(([status, { what, schema }]) => [status, response(what, schema)])),
    },
  }
}

const WEBHOOK_PATH = '/api/webhook'

function requestBody({ path, body }: RouteDescription): Json {
  const schema = path === WEBHOOK_PATH ? reference('WebhookPayload') : body && z.toJSONSchema(body, { io: 'input' })
  return { required: path === WEBHOOK_PATH, content: { 'application/json': { schema } } }
}

function queryParameters(query: z.ZodObject): Json[] {
  const { properties = {} } = z.toJSONSchema(query, { io: 'input', unrepresentable: 'any' })
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', required: false, schema }))
}

function response(description: string, schema: string): Json {
  return { description, content: { 'application/json': { schema: reference(schema) } } }
}

function reference(name: string): Json {
  return { $ref: `#/components/schemas/${name}` }
}

function componentSchemas(): Json {
  const named = { ...schemas, Error: schemas.ErrorAnswer, WebhookPayload }
  return Object.fromEntries(
    Object.entries(named)
      .filter(([name]) => name !== 'ErrorAnswer')
      .map(([name, schema]) => {
        const io = name === 'WebhookPayload' ? 'input' : 'output'
        const { $schema: _dialect, ...json } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
        return [name, json]
      }),
  )
}
