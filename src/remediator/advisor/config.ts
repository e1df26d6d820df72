/** Owns the schema of the key `advisor` of config/remediator.yml: whom to ask, how much, and what is made of the answer. */
import { z } from 'zod'
import { CONFIDENCES } from '../target.ts'

export const AdvisorConfig = z
  .strictObject({
    /** Of an OpenAI-compatible API, with its version: http://127.0.0.1:11434/v1. Left out: nobody is asked. */
    url: z.url({ protocol: /^https?$/, error: 'an http or https address, such as http://127.0.0.1:11434/v1' }).optional(),
    model: z.string().min(1).max(256).optional(),
    /** Holds the key alone; PROCWARDEN_ADVISOR_KEY wins over it. A server of your own may need none. */
    key_file: z.string().min(1).optional(),
    /** From the question to the answer, with whatever is tried again. */
    timeout_seconds: z.number().min(1).max(600).default(60),
    requests_per_day: z.number().int().min(0).max(100_000).default(50),
    tokens_per_day: z.number().int().min(0).max(1_000_000_000).default(200_000),
    /** Of one answer. */
    answer_tokens_max: z.number().int().min(64).max(100_000).default(1_000),
    /** How the limit above is called there. */
    token_limit_field: z.enum(['max_completion_tokens', 'max_tokens']).default('max_completion_tokens'),
    /** json_schema: the server keeps to the form. json_object: to JSON. text: it is only asked to. */
    response_format: z.enum(['json_schema', 'json_object', 'text']).default('json_schema'),
    /** Of what is written for people. */
    language: z
      .string()
      .regex(/^[\p{L}\p{M} ()-]{2,40}$/u, 'the name of a language, such as English or Deutsch')
      .default('English'),
    /** A choice of less confidence is not tried. */
    confidence: z.enum(CONFIDENCES).default('medium'),
    /** Ask for an opinion about each anomaly as well, beside what is done about it. */
    opinions: z.boolean().default(false),
  })
  .superRefine(({ url, model }, context) => {
    if (url !== undefined && model === undefined)
      context.addIssue({ code: 'custom', path: ['model'], message: 'say which model is to be asked' })
    if (url === undefined && model !== undefined)
      context.addIssue({ code: 'custom', path: ['url'], message: 'say where the model is: url is missing' })
  })
export type AdvisorConfig = z.infer<typeof AdvisorConfig>

/** An advisor that is configured. */
export interface AdvisorSettings extends AdvisorConfig {
  readonly url: string
  readonly model: string
  /** Never logged. */
  readonly key: string | undefined
}
