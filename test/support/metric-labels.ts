/** Owns which series there are when procwarden runs: what its parts publish, what its rules record, what Prometheus adds. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { ROOT, readRuleFiles, type Rule } from '../unit/rules/shipped-rules.ts'
import { analyse, type MetricLabels } from './promql.ts'

/** What Prometheus puts on everything it scrapes. */
const SCRAPED = ['instance', 'job']
/** What it writes itself about each target. */
const OF_TARGETS = ['up', 'scrape_duration_seconds', 'scrape_samples_scraped']
/** Overrides are written by users, for any of these. */
const OF_OVERRIDES = ['signal', 'instance', 'group', 'probe', 'device', 'directory', 'mountpoint', 'check']
/** A rule may read what another one records, which reads what a third one does, ... */
const ROUNDS_MAX = 20

export function shippedMetrics(): MetricLabels {
  const known = new Map<string, Set<string>>(OF_TARGETS.map((name) => [name, new Set(SCRAPED)]))
  for (const [name, labels] of publishedFamilies()) add(known, name, labels)
  const rules = [...readRuleFiles().values()].flatMap((file) => file.groups.flatMap((group) => group.rules))
  for (let round = 0, before = -1; before !== size(known); round++) {
    if (round > ROUNDS_MAX) throw new Error('the labels of the rules do not settle')
    before = size(known)
    for (const rule of rules) {
      const name = rule.record ?? 'ALERTS'
      add(known, name, [...labelsOfRule(rule, known), ...Object.keys(rule.labels)])
      if (rule.alert !== undefined) add(known, 'ALERTS', ['alertname', 'alertstate'])
    }
  }
  return known
}

/** From docs/metrics.md, which is generated from the families that the code declares. */
function publishedFamilies(): Array<[name: string, labels: string[]]> {
  const page = readFileSync(path.join(ROOT, 'docs/metrics.md'), 'utf8')
  return [...page.matchAll(/^\| `(?<name>\w+)` \| (?<type>\w+) \| (?<labels>[^|]*) \|/gm)].flatMap(({ groups }) => {
    const { name = '', type = '', labels = '' } = groups ?? {}
    const all = [...SCRAPED, ...[...labels.matchAll(/`(\w+)`/g)].map((match) => match[1] ?? '')]
    if (type !== 'histogram') return [[name, all] as [string, string[]]]
    return [
      [`${name}_bucket`, [...all, 'le']],
      [`${name}_sum`, all],
      [`${name}_count`, all],
    ]
  })
}

function labelsOfRule(rule: Rule, known: Map<string, Set<string>>): ReadonlySet<string> {
  // Names that only users record, and selectors by a pattern of names, which are about those too.
  const expr = rule.expr.replaceAll(/\{__name__=~"[^"]*"\}/g, 'procwarden:any:override').replaceAll(/^\s*#.*$/gm, '')
  for (const name of expr.match(/procwarden:\w+:\w*:?override/g) ?? []) add(known, name, OF_OVERRIDES)
  add(known, 'procwarden:any:override', [...OF_OVERRIDES, '__name__'])
  add(known, 'procwarden:detector:off', ['alertname'])
  return analyse(expr, known).labels
}

function add(known: Map<string, Set<string>>, name: string, labels: Iterable<string>): void {
  const all = known.get(name) ?? new Set<string>()
  for (const label of labels) all.add(label)
  known.set(name, all)
}

function size(known: ReadonlyMap<string, ReadonlySet<string>>): number {
  return [...known.values()].reduce((sum, labels) => sum + labels.size, known.size)
}
