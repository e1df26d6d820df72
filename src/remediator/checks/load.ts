/** Owns what the remediator and its load program say to each other: one line of JSON each way for each load. */
import { z } from 'zod'

/** The program's first line. */
export const READY = '{"ready":true}\n'

/** What a load may be made of. */
export const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const

export const LoadOrder = z.strictObject({
  url: z.string(),
  method: z.enum(METHODS),
  headers: z.record(z.string(), z.string()),
  body: z.string().optional(),
  insecure: z.boolean(),
  connections: z.number().int().min(1),
  /** So many requests; or, when left out, as many as `seconds` gives. */
  requests: z.number().int().min(1).optional(),
  seconds: z.number().gt(0),
  requestsPerSecond: z.number().optional(),
  /** Any other is an error. */
  statuses: z.array(z.number()),
  contains: z.string().optional(),
})
export type LoadOrder = z.infer<typeof LoadOrder>

export const LoadReport = z.strictObject({
  requests: z.number(),
  /** No answer, a wrong status, or a body without the text. */
  errors: z.number(),
  p95Seconds: z.number().optional(),
  /** What was wrong first, in words. */
  firstError: z.string().optional(),
})
export type LoadReport = z.infer<typeof LoadReport>
