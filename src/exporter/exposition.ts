/**
 * Owns writing metrics in the Prometheus text format 0.0.4 and in OpenMetrics 1.0.0. Never decides what is published.
 * https://prometheus.io/docs/instrumenting/exposition_formats/ and
 * https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md
 */
import { assert } from '../lib/errors.ts'

/** A metric family as it is declared: a constant beside the collector that owns it. */
export interface Family {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly labels: readonly string[]
}

export type ExpositionFormat = 'text' | 'openmetrics'

export const CONTENT_TYPES: Readonly<Record<ExpositionFormat, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
}

/** What a whole answer ends with; OpenMetrics tells a complete answer from a cut one by it. */
export const EXPOSITION_END: Readonly<Record<ExpositionFormat, string>> = { text: '', openmetrics: '# EOF\n' }

/** The observations of one label set so far. */
export interface HistogramValue {
  /** Ascending upper bounds without +Inf, each with how many observations were at most that. */
  readonly buckets: ReadonlyArray<readonly [upperBound: number, cumulativeCount: number]>
  readonly sum: number
  readonly count: number
}

interface Block {
  readonly family: Family
  /** The sample lines, which are the same in both formats. */
  readonly lines: string
}

/** Collects samples family by family: the format wants all samples of a family in one block, so a family is opened once. */
export class Exposition {
  readonly #blocks: Block[] = []
  readonly #names = new Set<string>()

  /** Opens a counter or gauge and writes its samples. A family without samples is left out altogether. */
  family(family: Family, samples: Iterable<readonly [labelValues: readonly string[], value: number]>): void {
    assert(family.type !== 'histogram', `${family.name} is a histogram and is written as one`)
    this.#open(family)
    // Joined once: adding to a string piece by piece leaves ten times its size to the garbage collector.
    const pieces: string[] = []
    for (const [labelValues, value] of samples) pushSample(pieces, family, labelValues, value)
    if (pieces.length > 0) this.#blocks.push({ family, lines: pieces.join('') })
  }

  /** Opens a histogram and writes its buckets, sums and counts. */
  histogram(family: Family, samples: Iterable<readonly [labelValues: readonly string[], value: HistogramValue]>): void {
    assert(family.type === 'histogram', `${family.name} is a ${family.type}`)
    this.#open(family)
    let lines = ''
    for (const [labelValues, value] of samples) lines += histogramLines(family, labelPairs(family, labelValues), value)
    if (lines !== '') this.#blocks.push({ family, lines })
  }

  /** Every family written so far. In OpenMetrics the answer is whole only with EXPOSITION_END after it. */
  toString(format: ExpositionFormat = 'text'): string {
    return this.#blocks.map(({ family, lines }) => header(family, format) + lines).join('')
  }

  #open(family: Family): void {
    assert(!this.#names.has(family.name), `${family.name} is written once`)
    this.#names.add(family.name)
  }
}

/** OpenMetrics names a counter's family without the `_total` of its samples, and escapes quotes in HELP too. */
function header({ name, type, help }: Family, format: ExpositionFormat): string {
  const isOpenMetrics = format === 'openmetrics'
  const familyName = isOpenMetrics && type === 'counter' ? name.replace(/_total$/, '') : name
  const helpText = isOpenMetrics ? escapeHelp(help).replaceAll('"', '\\"') : escapeHelp(help)
  return `# HELP ${familyName} ${helpText}\n# TYPE ${familyName} ${type}\n`
}

function histogramLines({ name }: Family, pairs: string, { buckets, sum, count }: HistogramValue): string {
  const prefix = pairs === '' ? '' : `${pairs},`
  const bucket = (bound: number, cumulativeCount: number): string =>
    sampleLine(`${name}_bucket`, `${prefix}le="${formatBound(bound)}"`, cumulativeCount)
  let lines = ''
  for (const [bound, cumulativeCount] of buckets) lines += bucket(bound, cumulativeCount)
  return lines + bucket(Infinity, count) + sampleLine(`${name}_sum`, pairs, sum) + sampleLine(`${name}_count`, pairs, count)
}

/** OpenMetrics wants a bound to look like a float; written so in both formats, a series keeps its name when the format changes. */
function formatBound(bound: number): string {
  return Number.isInteger(bound) && Math.abs(bound) < 1e21 ? `${bound}.0` : formatValue(bound)
}

function sampleLine(name: string, pairs: string, value: number): string {
  return pairs === '' ? `${name} ${formatValue(value)}\n` : `${name}{${pairs}} ${formatValue(value)}\n`
}

function pushSample(pieces: string[], { name, labels }: Family, labelValues: readonly string[], value: number): void {
  assert(labelValues.length === labels.length, `${name} has ${labels.length} labels`)
  pieces.push(name)
  for (let index = 0; index < labelValues.length; index++) {
    pieces.push(index === 0 ? '{' : ',', labels[index] ?? '', '="', escapeLabel(labelValues[index] ?? ''), '"')
  }
  pieces.push(labels.length === 0 ? ' ' : '} ', formatValue(value), '\n')
}

function labelPairs(family: Family, labelValues: readonly string[]): string {
  assert(labelValues.length === family.labels.length, `${family.name} has ${family.labels.length} labels`)
  let pairs = ''
  for (let index = 0; index < labelValues.length; index++) {
    pairs += `${index === 0 ? '' : ','}${family.labels[index] ?? ''}="${escapeLabel(labelValues[index] ?? '')}"`
  }
  return pairs
}

/** Numbers are written as Go's strconv.ParseFloat reads them, which is how Prometheus reads them. */
function formatValue(value: number): string {
  if (value === Infinity) return '+Inf'
  if (value === -Infinity) return '-Inf'
  return String(value)
}

/** Most values need nothing; a lone surrogate, which UTF-8 cannot carry, becomes U+FFFD. */
function escapeLabel(value: string): string {
  const text = value.isWellFormed() ? value : value.toWellFormed()
  if (!/[\\"\n]/.test(text)) return text
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

function escapeHelp(help: string): string {
  return help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}
