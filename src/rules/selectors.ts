/**
 * Owns finding the selectors in a PromQL expression (https://prometheus.io/docs/prometheus/latest/querying/basics/): which
 * metrics it asks for, with which matchers and how far back. Never judges whether the expression is right: promtool does.
 */

export interface SelectorMatcher {
  readonly label: string
  readonly op: '=' | '!=' | '=~' | '!~'
  readonly value: string
}

export interface Selector {
  /** Empty where only matchers select. */
  readonly metric: string
  readonly matchers: readonly SelectorMatcher[]
  /** Reach into the past in seconds: range, subquery and offset together. 0 for the present value. */
  readonly lookbackSeconds: number
}

type Token = { readonly kind: 'word' | 'string' | 'duration' | 'other'; readonly text: string; readonly end: number }

const TOKEN =
  /\s+|#[^\n]*|(?<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)|(?<duration>(?:\d+(?:ms|[smhdwy]))+)(?![\w.])|(?<number>0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)|(?<word>[a-zA-Z_:][a-zA-Z0-9_:]*)|(?<other>=~|!~|!=|==|<=|>=|[^\s])/gy

/** Words that take a list of labels in parentheses. */
const LABEL_LISTS = new Set(['by', 'without', 'on', 'ignoring', 'group_left', 'group_right'])
const KEYWORDS = new Set(['and', 'or', 'unless', 'atan2', 'bool', 'offset', 'inf', 'nan', 'start', 'end'])
const AGGREGATIONS = new Set([
  'sum',
  'avg',
  'min',
  'max',
  'count',
  'group',
  'stddev',
  'stdvar',
  'topk',
  'bottomk',
  'quantile',
  'count_values',
])
const UNIT_SECONDS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800, y: 31_536_000 }

/** Every selector of the expression, in its order. Subqueries around a selector widen its reach. */
export function selectorsOf(expr: string): Selector[] {
  return new Reader(tokensOf(expr)).read()
}

/** The expression with a further matcher, such as `group=~"a|b"`, in each of its selectors. */
export function withMatcher(expr: string, matcher: string): string {
  const places = new Reader(tokensOf(expr)).places()
  return places.toReversed().reduce((text, { at, braces }) => {
    const [before, after] = [text.slice(0, at), text.slice(at)]
    return braces ? `${before}${matcher}${/^\s*\}/.test(after) ? '' : ','}${after}` : `${before}{${matcher}}${after}`
  }, expr)
}

/** A Prometheus duration such as `1d12h` in seconds; undefined when it is none. */
export function durationSeconds(text: string): number | undefined {
  if (!/^(?:\d+(?:ms|[smhdwy]))+$/.test(text)) return undefined
  return [...text.matchAll(/(\d+)(ms|[smhdwy])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (UNIT_SECONDS[unit ?? ''] ?? 0),
    0,
  )
}

function tokensOf(expr: string): Token[] {
  return [...expr.matchAll(TOKEN)].flatMap(({ groups, index }): Token[] => {
    if (groups === undefined) return []
    const { string, duration, word } = groups
    const text = string ?? duration ?? word ?? groups['number'] ?? groups['other']
    if (text === undefined) return []
    return [
      {
        text,
        end: index + text.length,
        kind: string !== undefined ? 'string' : duration !== undefined ? 'duration' : word !== undefined ? 'word' : 'other',
      },
    ]
  })
}

interface Found {
  metric: string
  matchers: SelectorMatcher[]
  lookbackSeconds: number
  /** Where a matcher can be written: behind the brace, or behind the metric that has none. */
  place: { readonly at: number; readonly braces: boolean }
}

class Reader {
  private at = 0
  private readonly found: Found[] = []
  /** For each open parenthesis: how many selectors there were before it. */
  private readonly open: number[] = []
  private readonly tokens: readonly Token[]

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens
  }

  read(): Selector[] {
    while (this.at < this.tokens.length) this.step()
    return this.found.map(({ place: _place, ...selector }) => selector)
  }

  places(): Array<Found['place']> {
    this.read()
    return this.found.map(({ place }) => place)
  }

  private step(): void {
    const token = this.tokens[this.at]
    if (token?.kind === 'word') return this.word(token.text)
    if (token?.text === '{') return this.selector('')
    this.at++
    if (token?.text === '(') this.open.push(this.found.length)
    // A range or an offset behind a parenthesis is that of everything in it: a subquery.
    if (token?.text === ')') this.widen(this.open.pop() ?? 0)
  }

  private word(text: string): void {
    const lower = text.toLowerCase()
    const next = this.tokens[this.at + 1]?.text
    if (LABEL_LISTS.has(lower)) {
      this.at++
      if (next === '(') while (this.at < this.tokens.length && this.tokens[this.at++]?.text !== ')');
      return
    }
    if (next === '(' || KEYWORDS.has(lower) || (AGGREGATIONS.has(lower) && (next === 'by' || next === 'without'))) {
      this.at++
      return
    }
    this.at++
    this.selector(text)
  }

  private selector(metric: string): void {
    const before = this.found.length
    const brace = this.tokens[this.at]
    const place = brace?.text === '{' ? { at: brace.end, braces: true } : { at: this.tokens[this.at - 1]?.end ?? 0, braces: false }
    this.found.push({ metric, matchers: place.braces ? this.matchers() : [], lookbackSeconds: 0, place })
    this.widen(before)
  }

  private matchers(): SelectorMatcher[] {
    const matchers: SelectorMatcher[] = []
    this.at++
    while (this.at < this.tokens.length && this.tokens[this.at]?.text !== '}') {
      const [label, op, value] = this.tokens.slice(this.at, this.at + 3)
      if (label?.kind === 'word' && value?.kind === 'string' && isOperator(op?.text)) {
        matchers.push({ label: label.text, op: op.text, value: unquote(value.text) })
        this.at += 3
      } else this.at++
    }
    this.at++
    return matchers
  }

  /** Takes `[5m]`, `[1d:5m]`, `offset 15m` behind what was just read. */
  private widen(from: number): void {
    for (;;) {
      const seconds = this.range() ?? this.offset()
      if (seconds === undefined) return
      for (const selector of this.found.slice(from)) selector.lookbackSeconds += seconds
    }
  }

  private range(): number | undefined {
    if (this.tokens[this.at]?.text !== '[') return undefined
    const seconds = durationSeconds(this.tokens[this.at + 1]?.text ?? '')
    while (this.at < this.tokens.length && this.tokens[this.at++]?.text !== ']');
    return seconds ?? 0
  }

  private offset(): number | undefined {
    if (this.tokens[this.at]?.text.toLowerCase() !== 'offset') return undefined
    const isNegative = this.tokens[this.at + 1]?.text === '-'
    this.at += isNegative ? 3 : 2
    const seconds = durationSeconds(this.tokens[this.at - 1]?.text ?? '') ?? 0
    return isNegative ? 0 : seconds
  }
}

function isOperator(text: string | undefined): text is SelectorMatcher['op'] {
  return text === '=' || text === '!=' || text === '=~' || text === '!~'
}

function unquote(text: string): string {
  const body = text.slice(1, -1)
  if (text.startsWith('`')) return body
  return body.replaceAll(/\\(.)/g, (_all, character: string) => ({ n: '\n', t: '\t', r: '\r' })[character] ?? character)
}
