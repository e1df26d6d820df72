/** Owns the schema of one synthetic check: what is tried, what is expected of it, and how much of it there may be. */
import { z } from 'zod'
import { QueryText } from '../policies/query-text.ts'
import { CommandLine } from '../policies/steps.ts'
import { METHODS } from './load.ts'
import { unknownPlaces } from './places.ts'

export const CHECK_KINDS = ['http', 'tcp', 'command', 'sql', 'memory-growth', 'webhook-roundtrip'] as const
export type CheckKind = (typeof CHECK_KINDS)[number]

/** No run of a check may take longer, whatever it is. */
export const CHECK_SECONDS_MAX = 60

const shared = {
  name: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'a name is small letters, digits, hyphens and underscores'),
  /** The program that it speaks for; becomes the label `group`, so that a policy can restart it. */
  program: z.string().min(1).max(256).optional(),
  /** Instead of the interval of all checks. */
  every_seconds: z.number().min(5).max(604_800).optional(),
  /** Whatever is not finished by then is ended, and has failed. */
  timeout_seconds: z.number().min(0.1).max(CHECK_SECONDS_MAX).default(CHECK_SECONDS_MAX),
}

const Placed = z.string().min(1).max(2_048).superRefine(placesAreKnown)

const HttpAddress = Placed.refine(
  (text) => /^\{\{\s*\w+\s*\}\}/.test(text) || (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)),
  'an http or https address, or one that begins with {{exporter}}, {{remediator}}, {{prometheus}} or {{alertmanager}}',
)

/** How the requests of a load are made. */
const request = {
  url: HttpAddress,
  method: z.enum(METHODS).default('GET'),
  headers: z.record(z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'a header name'), z.string().max(8_192)).default({}),
  body: z.string().max(1_048_576).optional(),
  /** Do not ask who signed the certificate. */
  insecure: z.boolean().default(false),
  concurrency: z.number().int().min(1).max(256).default(2),
}

const Status = z.number().int().min(100).max(599)

const Http = z
  .strictObject({
    ...shared,
    kind: z.literal('http'),
    ...request,
    requests: z.number().int().min(1).max(100_000).default(10),
    /** Any other status is an error. */
    status: z.union([Status, z.array(Status).min(1)]).default(200),
    /** The body must hold this text. */
    contains: z.string().min(1).max(4_096).optional(),
    /** Share of the requests that may fail. */
    error_ratio_max: z.number().min(0).max(1).default(0.05),
    p95_seconds_max: z.number().gt(0).max(CHECK_SECONDS_MAX).default(2),
  })
  .refine((check) => check.concurrency <= check.requests, {
    path: ['concurrency'],
    message: 'more connections than requests: lower concurrency, or raise requests',
  })

const Tcp = z.strictObject({
  ...shared,
  kind: z.literal('tcp'),
  /** HOST:PORT, or an address of ours. */
  address: Placed.refine(
    (text) => /^\{\{\s*\w+\s*\}\}$/.test(text) || /^(?:\[[^\]]+\]|[^:\s/]+):\d{1,5}$/.test(text),
    'an address is HOST:PORT, [V6]:PORT, or {{exporter}} and the like',
  ),
  /** What the other side must say first, as `SSH-2.0`. */
  expect: z.string().min(1).max(1_024).optional(),
  connect_seconds_max: z.number().gt(0).max(CHECK_SECONDS_MAX).default(2),
})

/** Run with the environment that scripts of policies get; no shell reads it. */
const command = {
  argv: CommandLine.superRefine((argv, context) => {
    for (const text of argv) placesAreKnown(text, context)
  }),
  /** How often, and how many at the same time. */
  runs: z.number().int().min(1).max(1_000).default(1),
  concurrency: z.number().int().min(1).max(32).default(1),
  /** Each must end by then. */
  p95_seconds_max: z.number().gt(0).max(CHECK_SECONDS_MAX).optional(),
}

const Command = z.strictObject({
  ...shared,
  kind: z.literal('command'),
  ...command,
  exit_code: z.number().int().min(0).max(255).default(0),
  /** Standard output must hold this text. */
  contains: z.string().min(1).max(65_536).optional(),
})

/** A command-line client of a database, such as psql -At -c QUERY. */
const Sql = z.strictObject({
  ...shared,
  kind: z.literal('sql'),
  ...command,
  /** Standard output must be this, white space at both ends aside. */
  expect: z.string().max(65_536),
})

const MemoryGrowth = z.strictObject({
  ...shared,
  kind: z.literal('memory-growth'),
  ...request,
  /** Programs whose memory is watched, as the exporter names them; together. */
  groups: z.array(z.string().min(1).max(256)).min(1).max(16).optional(),
  /** Instead of groups: a query of Prometheus that gives bytes; all its series together. */
  query: QueryText.optional(),
  /** So long; the first quarter warms up and is not judged. */
  seconds: z.number().min(4).max(55).default(30),
  requests_per_second: z.number().min(1).max(10_000).default(20),
  /** What memory may grow by in an hour of this load. */
  growth_bytes_per_hour_max: z.number().gt(0).default(100_000_000),
})

const WebhookRoundtrip = z.strictObject({
  ...shared,
  kind: z.literal('webhook-roundtrip'),
  /** From Alertmanager's yes to the closed incident. */
  within_seconds: z.number().gt(0).max(55).default(30),
})

/** As it is written; what belongs together is looked at by `CheckDefinition`. */
export const CheckDefinition = z
  .discriminatedUnion('kind', [Http, Tcp, Command, Sql, MemoryGrowth, WebhookRoundtrip], {
    error: `the kind of a check is one of ${CHECK_KINDS.join(', ')}`,
  })
  .superRefine((check, context) => {
    if (check.kind === 'memory-growth') {
      if ((check.groups === undefined) === (check.query === undefined))
        context.addIssue({ code: 'custom', path: ['groups'], message: 'say whose memory: either groups, or a query' })
      if (check.seconds >= check.timeout_seconds)
        context.addIssue({ code: 'custom', path: ['seconds'], message: 'the load lasts longer than the check may take' })
    }
    if (check.kind === 'webhook-roundtrip' && check.within_seconds >= check.timeout_seconds)
      context.addIssue({ code: 'custom', path: ['within_seconds'], message: 'it waits for longer than the check may take' })
    if ((check.kind === 'command' || check.kind === 'sql') && check.concurrency > check.runs)
      context.addIssue({ code: 'custom', path: ['concurrency'], message: 'more at the same time than there are runs' })
  })
export type CheckDefinition = z.infer<typeof CheckDefinition>
export type CheckOf<Kind extends CheckKind> = Extract<CheckDefinition, { kind: Kind }>

function placesAreKnown(text: string, context: z.RefinementCtx): void {
  for (const place of unknownPlaces(text))
    context.addIssue({
      code: 'custom',
      message: `there is no {{${place}}}: places are {{exporter}}, {{remediator}}, {{prometheus}}, {{alertmanager}}, {{procwarden}} and {{state_dir}}`,
    })
}
