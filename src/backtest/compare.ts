/** Owns what another set of thresholds would have changed: which firings go, which come, which stay. Pure. */
import type { Firing } from './replay.ts'

export interface Comparison {
  /** Fired, and would not with the change. */
  readonly gone: readonly Firing[]
  /** Did not fire, and would with the change. */
  readonly added: readonly Firing[]
  /** Fire with both, at some time in common. */
  readonly kept: ReadonlyArray<{ readonly shipped: Firing; readonly changed: Firing }>
}

/** The same alert about the same thing is the same firing where the times overlap; its severity may differ. */
export function compareFirings(shipped: readonly Firing[], changed: readonly Firing[]): Comparison {
  const bySubject = Map.groupBy(changed, subjectOf)
  const kept: Array<{ shipped: Firing; changed: Firing }> = []
  const gone: Firing[] = []
  const matched = new Set<Firing>()
  for (const firing of shipped) {
    const same = (bySubject.get(subjectOf(firing)) ?? []).filter((other) => overlap(firing, other))
    for (const other of same) matched.add(other)
    const [first] = same
    if (first === undefined) gone.push(firing)
    else kept.push({ shipped: firing, changed: first })
  }
  return { gone, added: changed.filter((firing) => !matched.has(firing)), kept }
}

function subjectOf({ alertname, labels: { severity: _severity, ...labels } }: Firing): string {
  return JSON.stringify([alertname, Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))])
}

function overlap(left: Firing, right: Firing): boolean {
  return left.startsAt < (right.endsAt ?? Infinity) && right.startsAt < (left.endsAt ?? Infinity)
}
