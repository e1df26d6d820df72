/** Owns reading what `promtool test rules` prints about queries whose answers nobody expected. Pure. */
import { OperationalError } from '../lib/errors.ts'

export interface Answer {
  readonly expr: string
  /** Seconds from the beginning of the test. */
  readonly atSeconds: number
  readonly samples: ReadonlyArray<{ readonly labels: Readonly<Record<string, string>>; readonly value: number }>
}

const QUERY = /^\s*expr: (".*"), time: (\S+?), *(?:err: (.*))?$/
const GOT = /^\s*got: ?(.*)$/
/** A series as Go prints it: label values are quoted strings of Go. */
const SAMPLE = /\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\} (\S+?)(?:, (?=\{)|$)/gy
const LABEL = /([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/g
const UNIT_SECONDS: Readonly<Record<string, number>> = { y: 31_536_000, w: 604_800, d: 86_400, h: 3600, m: 60, s: 1, ms: 0.001 }

/**
 * The answers to all queries that had one, in promtool's order. Throws with promtool's own words when a rule or a query
 * failed, for then the replay says nothing.
 */
export function parseAnswers(output: string): Answer[] {
  const answers: Answer[] = []
  let query: { readonly expr: string; readonly atSeconds: number } | undefined
  for (const line of output.split('\n')) {
    const asked = QUERY.exec(line)
    if (asked !== null) {
      if (asked[3] !== undefined) throw failed(line)
      query = { expr: unquote((asked[1] ?? '').slice(1, -1)), atSeconds: parseDuration(asked[2] ?? '') }
      continue
    }
    const got = GOT.exec(line)
    if (got !== null && query !== undefined) {
      answers.push({ ...query, samples: parseSamples(got[1] ?? '') })
      query = undefined
    } else if (!/^\s*(?:exp: nil|Unit Testing: .*|SUCCESS|FAILED:|)$/.test(line)) {
      throw failed(line)
    }
  }
  return answers
}

function failed(line: string): OperationalError {
  return new OperationalError(`promtool could not replay the rules: ${line.trim().slice(0, 500)}`, { reason: 'replay' })
}

function parseSamples(text: string): Answer['samples'] {
  const samples = [...text.matchAll(SAMPLE)]
  if (samples.length === 0 && text !== 'nil' && text !== '') throw failed(text)
  return samples.map(([, labels, value]) => ({ labels: parseLabels(labels ?? ''), value: parseNumber(value ?? '') }))
}

function parseLabels(text: string): Record<string, string> {
  return Object.fromEntries([...text.matchAll(LABEL)].map(([, name, value]) => [name, unquote(value ?? '')]))
}

function parseNumber(text: string): number {
  const infinity = /^([+-])Inf$/.exec(text)
  return infinity === null ? Number(text) : infinity[1] === '-' ? -Infinity : Infinity
}

/** `1d2h`, `5m`, `300ms`: as Prometheus prints durations. */
function parseDuration(text: string): number {
  return [...text.matchAll(/(\d+)(ms|[ywdhms])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (UNIT_SECONDS[unit ?? ''] ?? 0),
    0,
  )
}

/** What strconv.Quote of Go did, undone. */
function unquote(text: string): string {
  const named: Readonly<Record<string, string>> = { a: '\u0007', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }
  return text.replaceAll(/\\(x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}|.)/gs, (_, escape: string) =>
    /^[xuU][0-9a-f]+$/.test(escape) ? String.fromCodePoint(Number.parseInt(escape.slice(1), 16)) : (named[escape] ?? escape),
  )
}
