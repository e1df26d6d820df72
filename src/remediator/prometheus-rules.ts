/** Owns asking Prometheus which expressions its alert rules have, and which series those speak of. Parses no more of PromQL than that takes. */
import { z } from 'zod'
import { OperationalError, messageOf } from '../lib/errors.ts'
import type { Peer } from '../lib/peer.ts'

const TIMEOUT_MS = 3_000
const ANSWER_BYTES_MAX = 16 * 1024 * 1024
const NAMES_MAX = 12

const Answer = z.object({
  status: z.literal('success'),
  data: z.object({
    groups: z.array(z.object({ rules: z.array(z.object({ name: z.string(), query: z.string(), type: z.string() })) })),
  }),
})

/** Expressions by the alert's name; one name may have several. Throws OperationalError `prometheus_unreachable`. */
export async function readAlertExpressions(peer: Peer): Promise<ReadonlyMap<string, readonly string[]>> {
  try {
    const { data } = Answer.parse(
      JSON.parse(await peer.ask('api/v1/rules?type=alert', { timeoutMs: TIMEOUT_MS, bytesMax: ANSWER_BYTES_MAX })),
    )
    const rules = data.groups.flatMap(({ rules: each }) => each)
    return new Map([...Map.groupBy(rules, ({ name }) => name)].map(([name, of]) => [name, of.map(({ query }) => query)]))
  } catch (error) {
    throw new OperationalError(`Prometheus did not answer: ${messageOf(error)}`, {
      reason: 'prometheus_unreachable',
      retryable: true,
      cause: error,
    })
  }
}

const STRING = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/g
const LABELS_OF = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/gi
const NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*(?!\s*\(|[a-zA-Z0-9_:])/g
const KEYWORD = /^(?:and|or|unless|bool|offset|by|on|without|ignoring|group_left|group_right|inf|nan|start|end|atan2)$/i

/** Names of the series that an expression reads, in the order in which they come. */
export function seriesNamesOf(expression: string): string[] {
  const bare = expression
    .replaceAll(STRING, '')
    .replaceAll(/#[^\n]*/g, '')
    .replaceAll(/\{[^}]*\}/g, ' ')
    .replaceAll(/\[[^\]]*\]/g, ' ')
    .replaceAll(LABELS_OF, ' ')
    // Durations and numbers, which else would leave letters behind.
    .replaceAll(/(?<![a-zA-Z0-9_:])\d[\w.]*/g, ' ')
  return [...new Set(bare.match(NAME) ?? [])].filter((name) => !KEYWORD.test(name)).slice(0, NAMES_MAX)
}
