/** Owns the schema of `probes` in the configuration, and what the runner makes of it. Its faults never repeat a URL: it may hold a password. */
import { z } from 'zod'
import type { ProbeSettings } from './probe-runner.ts'
import { PROBE_METHODS } from './sources/probe-http.ts'

const NAME = /^[\w][\w .:/@-]{0,63}$/

export const labelName = z.string().regex(NAME, 'write 1 to 64 letters, digits, blanks and . : / @ _ -, beginning with a letter or digit')

const url = z
  .string()
  .max(2048)
  .transform((text, context) => {
    const parsed = URL.canParse(text) ? new URL(text) : undefined
    if (parsed !== undefined && (parsed.protocol === 'http:' || parsed.protocol === 'https:')) return parsed.href
    context.addIssue({ code: 'custom', message: 'write a whole URL that begins with http:// or https://' })
    return z.NEVER
  })

const bodyPattern = z
  .string()
  .min(1)
  .max(1024)
  .transform((source, context) => {
    try {
      return new RegExp(source, 'u')
    } catch {
      context.addIssue({ code: 'custom', message: 'not a regular expression' })
      return z.NEVER
    }
  })

const status = z.int().min(100).max(599)

const probeSchema = z.strictObject({
  name: labelName,
  url,
  method: z.enum(PROBE_METHODS).default('GET'),
  expect: z
    .strictObject({
      status: z
        .union([status, z.array(status).min(1).max(50)])
        .transform((value) => (typeof value === 'number' ? [value] : value))
        .optional(),
      body: bodyPattern.optional(),
    })
    .prefault({}),
  timeout_seconds: z.number().min(0.1).max(300).default(5),
  interval_seconds: z.number().min(1).max(86_400).default(15),
})

export const probesSchema = z
  .array(probeSchema)
  .max(200)
  .default([])
  .superRefine((probes, context) => refuseDuplicates(probes, context))

/** Each name once: it is the label that tells series apart. */
export function refuseDuplicates(entries: ReadonlyArray<{ readonly name: string }>, context: z.RefinementCtx): void {
  const seen = new Set<string>()
  for (const [index, { name }] of entries.entries()) {
    if (seen.has(name))
      context.addIssue({ code: 'custom', path: [index, 'name'], message: `the name ${name} is taken; each must be its own` })
    seen.add(name)
  }
}

export function probeSettings(probes: z.infer<typeof probesSchema>): ProbeSettings[] {
  return probes.map(({ name, url: target, method, expect, timeout_seconds, interval_seconds }) => ({
    name,
    url: target,
    method,
    expectedStatuses: expect.status ?? [],
    expectedBody: expect.body,
    timeoutMs: timeout_seconds * 1000,
    intervalMs: interval_seconds * 1000,
  }))
}
