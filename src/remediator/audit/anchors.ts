/**
 * Owns the anchors of the audit trail that a Prometheus holds: how long the trail was and what its head was, scrape by scrape.
 * Whoever rewrites the trail on this machine cannot rewrite them there. Asks and compares; changes nothing.
 */
import { OperationalError } from '../../lib/errors.ts'
import type { AuditEntry } from '../model.ts'
import { createRangeReader, type RangeReader, type Series } from '../prometheus-range.ts'
import { promqlString } from '../prometheus.ts'
import { headFingerprint } from './chain.ts'
import type { AuditFault } from './verify.ts'

export interface Anchor {
  readonly atMs: number
  readonly length: number
  readonly fingerprint: number
  readonly instance: string
}

export interface AnchorsQuestion {
  readonly url: string
  /** Of the trail as it is on this machine. */
  readonly trail: string
  /** Compare with this instance label, instead of those that published the trail. */
  readonly instance?: string | undefined
  readonly sinceMs: number
  readonly untilMs: number
}

const DAY_MS = 86_400_000
/** The trail's name: enough of its first entry's hash to tell it from those of other machines. */
const TRAIL_DIGITS = 16

/** What the info metric calls the trail that begins with this hash. */
export function trailName(firstHash: string): string {
  return firstHash.slice(0, TRAIL_DIGITS)
}

/**
 * Every anchor, the oldest first, each length and head once. Throws OperationalError: `prometheus_unreachable`, or
 * `no_anchors` when nobody published this trail there.
 */
export async function readAnchors(question: AnchorsQuestion): Promise<Anchor[]> {
  const reader = createRangeReader(question.url)
  const instances = question.instance === undefined ? await instancesOf(reader, question) : [question.instance]
  if (instances.length === 0) {
    throw new OperationalError(
      `${question.url} knows no remediator that published this trail: it does not scrape it, or the trail was rewritten from its first entry on. Name the remediator with --prometheus.instance HOST:PORT to compare with what it published`,
      { reason: 'no_anchors' },
    )
  }
  const anchors: Anchor[] = []
  for (const instance of instances) {
    const kept = new Map<string, Anchor>()
    for (const [from, to] of days(question)) {
      for (const anchor of await anchorsBetween(reader, instance, from, to)) {
        const key = `${anchor.length}:${anchor.fingerprint}`
        if (!kept.has(key)) kept.set(key, anchor)
      }
    }
    anchors.push(...kept.values())
  }
  if (anchors.length === 0)
    throw new OperationalError(`${question.url} holds no anchors of ${instances.join(', ')}`, { reason: 'no_anchors' })
  return anchors.toSorted((a, b) => a.atMs - b.atMs)
}

/** Compares entries, given one by one in order, with anchors. */
export class AnchorCheck {
  readonly #byLength = new Map<number, Anchor[]>()
  #fault: AuditFault | undefined
  #length = 0
  readonly #anchors: readonly Anchor[]

  constructor(anchors: readonly Anchor[]) {
    this.#anchors = anchors
    for (const anchor of anchors) this.#byLength.set(anchor.length, [...(this.#byLength.get(anchor.length) ?? []), anchor])
  }

  add(entry: Pick<AuditEntry, 'seq' | 'hash'>): void {
    this.#length = entry.seq
    const wrong = this.#byLength.get(entry.seq)?.find((anchor) => anchor.fingerprint !== headFingerprint(entry.hash))
    if (!wrong || this.#fault) return
    const when = new Date(wrong.atMs).toISOString()
    this.#fault = {
      where: 'prometheus',
      seq: entry.seq,
      what: `its hash is not the one that Prometheus saw at ${when} (${wrong.instance}): the trail was rewritten since`,
    }
  }

  /** The first fault, after all entries were given. */
  get fault(): AuditFault | undefined {
    if (this.#fault) return this.#fault
    const longest = this.#anchors.reduce((long, anchor) => (anchor.length > long.length ? anchor : long))
    if (longest.length <= this.#length) return undefined
    return {
      where: 'prometheus',
      seq: this.#length + 1,
      what: `it and all after it are missing: Prometheus saw ${longest.length} entries at ${new Date(longest.atMs).toISOString()} (${longest.instance}), and ${this.#length} are left`,
    }
  }
}

async function instancesOf(reader: RangeReader, { trail, sinceMs, untilMs }: AnchorsQuestion): Promise<string[]> {
  const series = await reader.samples(`procwarden_audit_trail_info{trail=${promqlString(trail)}}`, sinceMs, untilMs)
  return [...new Set(series.map(({ labels }) => labels['instance'] ?? ''))]
}

/** Pairs of one scrape carry one timestamp. */
async function anchorsBetween(reader: RangeReader, instance: string, fromMs: number, toMs: number): Promise<Anchor[]> {
  const of = (name: string): Promise<Series[]> => reader.samples(`${name}{instance=${promqlString(instance)}}`, fromMs, toMs)
  const [lengths, heads] = [await of('procwarden_audit_length'), await of('procwarden_audit_head_fingerprint')]
  const headAt = new Map(heads.flatMap((series) => series.samples.map(({ atMs, value }) => [`${jobOf(series)} ${atMs}`, value])))
  return lengths.flatMap((series) =>
    series.samples.flatMap(({ atMs, value: length }) => {
      const fingerprint = headAt.get(`${jobOf(series)} ${atMs}`)
      return fingerprint === undefined ? [] : [{ atMs, length, fingerprint, instance }]
    }),
  )
}

function jobOf({ labels }: Series): string {
  return labels['job'] ?? ''
}

/** A day at a time: a year of scrapes is too much for one answer. */
function* days({ sinceMs, untilMs }: AnchorsQuestion): Generator<readonly [number, number]> {
  for (let from = sinceMs; from < untilMs; from += DAY_MS) yield [from, Math.min(from + DAY_MS, untilMs)]
}
