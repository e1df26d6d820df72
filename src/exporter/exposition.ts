/**
 * Owns writing metrics in the Prometheus text format 0.0.4 and in OpenMetrics 1.0.0. Never decides what is published.
 * https://prometheus.io/docs/instrumenting/exposition_formats/ and
 * https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md
 */
import { ByteWriter } from '../lib/byte-writer.ts'
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
  /** Where its sample lines, which are the same in both formats, end; they begin where those before end. */
  readonly end: number
}

/** Where the labels of a set stand among the lines, braces and the space behind them included. */
interface LabelText {
  readonly labels: readonly string[]
  readonly from: number
  readonly to: number
}

/**
 * Collects samples family by family: the format wants all samples of a family in one block, so a family is opened once. Text is
 * kept as bytes: as strings, one scrape of 100 processes left 4 MB to the garbage collector.
 */
export class Exposition {
  readonly #lines = new ByteWriter()
  #blocks: Block[] = []
  readonly #names = new Set<string>()
  /** Label sets that have been written: a process bears the same in two dozen families. */
  readonly #labelTexts = new Map<readonly string[], LabelText>()

  /** Opens a counter or gauge and writes its samples. A family without samples is left out altogether. */
  family(family: Family, samples: Iterable<readonly [labelValues: readonly string[], value: number]>): void {
    assert(family.type !== 'histogram', `${family.name} is a histogram and is written as one`)
    this.#open(family)
    for (const [labelValues, value] of samples) {
      this.#lines.text(family.name)
      this.#writeLabels(family.labels, labelValues, undefined)
      this.#value(value)
    }
    this.#close(family)
  }

  /**
   * As family, for those who would make a list of thousands only to have it read once. A value that is absent is left out. Label
   * values are a list that stays as it is until `clear`.
   */
  write(family: Family, body: (sample: (labelValues: readonly string[], value: number | undefined) => void) => void): void {
    assert(family.type !== 'histogram', `${family.name} is a histogram and is written as one`)
    this.#open(family)
    body((labelValues, value) => {
      if (value === undefined) return
      this.#lines.text(family.name)
      this.#labels(family.labels, labelValues)
      this.#value(value)
    })
    this.#close(family)
  }

  /** Opens a histogram and writes its buckets, sums and counts. */
  histogram(family: Family, samples: Iterable<readonly [labelValues: readonly string[], value: HistogramValue]>): void {
    assert(family.type === 'histogram', `${family.name} is a ${family.type}`)
    this.#open(family)
    for (const [labelValues, { buckets, sum, count }] of samples) {
      for (const [bound, cumulativeCount] of buckets) {
        this.#bucket(`${family.name}_bucket`, family, labelValues, formatBound(bound), cumulativeCount)
      }
      this.#bucket(`${family.name}_bucket`, family, labelValues, '+Inf', count)
      this.#bucket(`${family.name}_sum`, family, labelValues, undefined, sum)
      this.#bucket(`${family.name}_count`, family, labelValues, undefined, count)
    }
    this.#close(family)
  }

  /** Forgets what was written, and keeps the room for what comes. */
  clear(): void {
    this.#lines.clear()
    this.#blocks = []
    this.#names.clear()
    this.#labelTexts.clear()
  }

  /** Appends every family written so far. In OpenMetrics the answer is whole only with EXPOSITION_END after it. */
  writeTo(out: ByteWriter, format: ExpositionFormat): void {
    let start = 0
    for (const { family, end } of this.#blocks) {
      writeHeader(out, family, format)
      out.bytes(this.#lines.view(start, end))
      start = end
    }
  }

  /** As writeTo, for people and tests. */
  toString(format: ExpositionFormat = 'text'): string {
    const out = new ByteWriter()
    this.writeTo(out, format)
    return Buffer.from(out.view()).toString()
  }

  #open(family: Family): void {
    assert(!this.#names.has(family.name), `${family.name} is written once`)
    this.#names.add(family.name)
  }

  #close(family: Family): void {
    const end = this.#lines.length
    if (end > (this.#blocks.at(-1)?.end ?? 0)) this.#blocks.push({ family, end })
  }

  #bucket(name: string, { labels }: Family, labelValues: readonly string[], bound: string | undefined, value: number): void {
    this.#lines.text(name)
    this.#writeLabels(labels, labelValues, bound)
    this.#value(value)
  }

  #value(value: number): void {
    writeValue(this.#lines, value)
    this.#lines.text('\n')
  }

  /** Copies what was written of the same label set before, where that is so. */
  #labels(labels: readonly string[], labelValues: readonly string[]): void {
    const out = this.#lines
    const written = this.#labelTexts.get(labelValues)
    if (written?.labels === labels) {
      out.again(written.from, written.to)
      return
    }
    const from = out.length
    this.#writeLabels(labels, labelValues, undefined)
    this.#labelTexts.set(labelValues, { labels, from, to: out.length })
  }

  #writeLabels(labels: readonly string[], labelValues: readonly string[], bound: string | undefined): void {
    assert(labelValues.length === labels.length, `it has ${labels.length} labels`)
    let before = '{'
    for (let index = 0; index < labels.length; index++) {
      this.#label(before, labels[index] ?? '', labelValues[index] ?? '')
      before = ','
    }
    if (bound !== undefined) this.#label(before, 'le', bound)
    this.#lines.text(labels.length === 0 && bound === undefined ? ' ' : '} ')
  }

  #label(before: string, name: string, value: string): void {
    const out = this.#lines
    out.text(before)
    out.text(name)
    out.text('="')
    out.text(escapeLabel(value))
    out.text('"')
  }
}

/** OpenMetrics names a counter's family without the `_total` of its samples, and escapes quotes in HELP too. */
function writeHeader(out: ByteWriter, { name, type, help }: Family, format: ExpositionFormat): void {
  const isOpenMetrics = format === 'openmetrics'
  const familyName = isOpenMetrics && type === 'counter' ? name.replace(/_total$/, '') : name
  const helpText = isOpenMetrics ? escapeHelp(help).replaceAll('"', '\\"') : escapeHelp(help)
  out.text(`# HELP ${familyName} ${helpText}\n# TYPE ${familyName} ${type}\n`)
}

/** OpenMetrics wants a bound to look like a float; written so in both formats, a series keeps its name when the format changes. */
function formatBound(bound: number): string {
  return Number.isInteger(bound) && Math.abs(bound) < 1e21 ? `${bound}.0` : String(bound)
}

/** Numbers are written as Go's strconv.ParseFloat reads them, which is how Prometheus reads them. */
function writeValue(out: ByteWriter, value: number): void {
  if (value === Infinity) out.text('+Inf')
  else if (value === -Infinity) out.text('-Inf')
  else out.number(value)
}

const TO_ESCAPE = /[\\"\n]/

/** Most values need nothing. */
function escapeLabel(value: string): string {
  if (!TO_ESCAPE.test(value)) return value
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

function escapeHelp(help: string): string {
  return help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}
