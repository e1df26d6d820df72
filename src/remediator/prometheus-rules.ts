/** Owns asking Prometheus which expressions its rules have, and which series an alert speaks of. Parses no more of PromQL than that takes. */
import { z } from 'zod'
import { OperationalError, messageOf } from '../lib/errors.ts'
import type { Peer } from '../lib/peer.ts'

const TIMEOUT_MS = 3_000
const ANSWER_BYTES_MAX = 16 * 1024 * 1024
const NAMES_MAX = 24

const Answer = z.object({
  status: z.literal('success'),
  data: z.object({
    groups: z.array(z.object({ rules: z.array(z.object({ name: z.string(), query: z.string(), type: z.string() })) })),
  }),
})

/** Expressions by the name of an alert or of a recorded series; one name may have several. */
export interface RuleExpressions {
  readonly alerts: ReadonlyMap<string, readonly string[]>
  readonly records: ReadonlyMap<string, readonly string[]>
}

/** Throws OperationalError `prometheus_unreachable`. */
export async function readRuleExpressions(peer: Peer): Promise<RuleExpressions> {
  try {
    const { data } = Answer.parse(JSON.parse(await peer.ask('api/v1/rules', { timeoutMs: TIMEOUT_MS, bytesMax: ANSWER_BYTES_MAX })))
    const rules = data.groups.flatMap(({ rules: each }) => each)
    const ofType = (wanted: string): Map<string, string[]> => {
      const grouped = Map.groupBy(
        rules.filter(({ type }) => type === wanted),
        ({ name }) => name,
      )
      return new Map([...grouped].map(([name, of]) => [name, of.map(({ query }) => query)]))
    }
    return { alerts: ofType('alerting'), records: ofType('recording') }
  } catch (error) {
    throw new OperationalError(`Prometheus did not answer: ${messageOf(error)}`, {
      reason: 'prometheus_unreachable',
      retryable: true,
      cause: error,
    })
  }
}

/**
 * Names of the series behind an alert: those that its rule reads, then those that these are recorded from, and so on. An alert may read a
 * series that is there only while it fires; what it was recorded from tells how it came to that.
 */
export function seriesBehind(alertname: string, { alerts, records }: RuleExpressions, isOfInterest: (name: string) => boolean): string[] {
  const found = new Set<string>()
  let expressions = alerts.get(alertname) ?? []
  while (expressions.length > 0 && found.size < NAMES_MAX) {
    const fresh = expressions.flatMap(seriesNamesOf).filter((name) => !found.has(name) && isOfInterest(name))
    for (const name of fresh) if (found.size < NAMES_MAX) found.add(name)
    expressions = [...new Set(fresh)].flatMap((name) => records.get(name) ?? [])
  }
  return [...found]
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
