/** Owns writing metrics in the Prometheus text format 0.0.4. Never decides what is published. */
import { assert } from '../lib/errors.ts'

/** A metric family as it is declared: a constant beside the collector that owns it. */
export interface Family {
  readonly name: string
  readonly type: 'counter' | 'gauge'
  readonly help: string
  readonly labels: readonly string[]
}

export const EXPOSITION_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** Collects samples family by family: the format wants all samples of a family in one block, so a family is opened once. */
export class Exposition {
  readonly #chunks: string[] = []
  readonly #families = new Set<string>()

  /** Opens a family and writes its samples. A family without samples is left out altogether. */
  family(family: Family, samples: Iterable<readonly [labelValues: readonly string[], value: number]>): void {
    assert(!this.#families.has(family.name), `${family.name} is written once`)
    this.#families.add(family.name)
    let block = ''
    for (const [labelValues, value] of samples) block += sampleLine(family, labelValues, value)
    if (block === '') return
    this.#chunks.push(`# HELP ${family.name} ${escapeHelp(family.help)}\n# TYPE ${family.name} ${family.type}\n${block}`)
  }

  toString(): string {
    return this.#chunks.join('')
  }
}

function sampleLine(family: Family, labelValues: readonly string[], value: number): string {
  assert(labelValues.length === family.labels.length, `${family.name} has ${family.labels.length} labels`)
  let labels = ''
  for (let index = 0; index < labelValues.length; index++) {
    labels += `${index === 0 ? '' : ','}${family.labels[index] ?? ''}="${escapeLabel(labelValues[index] ?? '')}"`
  }
  return labels === '' ? `${family.name} ${formatValue(value)}\n` : `${family.name}{${labels}} ${formatValue(value)}\n`
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
