/** Owns the contract of an API route: what it takes, what it answers, and who may ask. Knows nothing of HTTP servers. */
import type { z } from 'zod'
import type { Identity, Scope } from './scope.ts'

export interface Answer {
  readonly status: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** What a route says about one of its answers; the OpenAPI document is made of it. */
export interface AnswerShape {
  readonly what: string
  /** Name of a schema in schemas.ts. */
  readonly schema: string
}

export interface RouteDescription {
  readonly method: 'get' | 'post'
  /** With express' `:name` for what varies. */
  readonly path: string
  readonly scope: Scope
  readonly summary: string
  /** Besides what every route may answer: 400, 401, 403, 429, 503. */
  readonly answers: Readonly<Record<number, AnswerShape>>
  readonly query?: z.ZodObject | undefined
  readonly body?: z.ZodObject | undefined
}

export interface RawRequest {
  /** The path's `:name` as it was sent. */
  readonly id: string
  readonly query: unknown
  readonly body: unknown
  readonly identity: Identity
}

export interface Route extends RouteDescription {
  /** Parses, then answers. A request that does not fit is answered with 400 and every fault. */
  run(request: RawRequest): Promise<Answer>
}

/** Stands for "nothing to parse" where a route takes no query or body. */
interface Nothing {
  readonly [key: string]: never
}

export interface Call<Query, Body> {
  readonly id: string
  readonly query: Query
  readonly body: Body
  readonly identity: Identity
}

type Parsed<Schema> = Schema extends z.ZodObject ? z.infer<Schema> : Nothing

/** A route whose handler gets what its schemas say, already parsed. */
export function defineRoute<Query extends z.ZodObject | undefined, Body extends z.ZodObject | undefined>(
  description: Omit<RouteDescription, 'query' | 'body'> & { readonly query?: Query; readonly body?: Body },
  answer: (call: Call<Parsed<Query>, Parsed<Body>>) => Answer | Promise<Answer>,
): Route
export function defineRoute(description: RouteDescription, answer: (call: Call<unknown, unknown>) => Answer | Promise<Answer>): Route {
  return {
    ...description,
    run: async ({ id, query, body, identity }) => {
      const parsedQuery = parse(description.query, query)
      // A body may be left out altogether: what is needed in it, the schema says.
      const parsedBody = parse(description.body, body ?? {})
      const faults = [...parsedQuery.faults, ...parsedBody.faults]
      if (faults.length > 0) return { status: 400, body: { error: 'the request is not understood', faults } }
      return answer({ id, query: parsedQuery.value, body: parsedBody.value, identity })
    },
  }
}

export function notFound(what: string): Answer {
  return { status: 404, body: { error: `there is no such ${what}` } }
}

const FAULTS_SHOWN_MAX = 20

function parse(schema: z.ZodObject | undefined, value: unknown): { readonly value: unknown; readonly faults: readonly string[] } {
  if (schema === undefined) return { value: {}, faults: [] }
  const result = schema.safeParse(value)
  if (result.success) return { value: result.data, faults: [] }
  const faults = result.error.issues
    .slice(0, FAULTS_SHOWN_MAX)
    .map((issue) => `${issue.path.length > 0 ? `${issue.path.join('.')}: ` : ''}${issue.message}`)
  return { value: {}, faults }
}
