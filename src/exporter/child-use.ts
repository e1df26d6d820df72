/**
 * Owns what processes used that no scan saw: a parent is told the use of each child it buries (cutime, cstime, cminflt and
 * cmajflt of proc_pid_stat(5)), and what of it was not measured while the child lived is recovered. Never counts twice.
 */
import type { ProcessSample, ProcessUse } from './sources/process-source.ts'

const FIELDS = ['userSeconds', 'systemSeconds', 'minorFaults', 'majorFaults'] as const
type Use = Record<(typeof FIELDS)[number], number>
const NOTHING: Readonly<Use> = Object.freeze(nothing())

/**
 * Of one parent. What its buried children used = `base` (before our first look) + `measured` (of children that scans had
 * seen) + `recovered` + what is still to be recovered.
 */
export interface ChildLedger {
  readonly base: Use
  readonly measured: Use
  readonly recovered: Use
  /** As of the scan before: a scan is no single moment, so a burial is judged when the next scan has told who is missing. */
  buried: Use
  /** Of processes that may have been buried here or elsewhere; good for the scan it is written in and the next. */
  readonly doubtful: Use
  readonly doubtfulBefore: Use
}

/** What the ledger's owner is known by. */
export interface LedgerOwner {
  readonly pid: number
  readonly startTicks: number
  readonly sample: ProcessSample | undefined
  /** Absent as long as there is nothing to write: most processes never have a child. */
  ledger: ChildLedger | undefined
}

/** Of processes, by pid. */
export interface LedgerOwners {
  get(pid: number): LedgerOwner | undefined
}

/** For a process seen for the first time; what the children of an older one used before that is not ours to claim. */
export function openLedger(sample: ProcessSample, isFresh: boolean): ChildLedger | undefined {
  const { children = NOTHING } = sample
  if (isFresh || isNothing(children)) return undefined
  return { ...emptyLedger(), base: copy(children), buried: copy(children) }
}

function emptyLedger(): ChildLedger {
  return {
    base: nothing(),
    measured: nothing(),
    recovered: nothing(),
    buried: nothing(),
    doubtful: nothing(),
    doubtfulBefore: nothing(),
  }
}

function ledgerOf(owner: LedgerOwner): ChildLedger {
  owner.ledger ??= emptyLedger()
  return owner.ledger
}

/**
 * Writes the measured use of processes that have gone into the ledger of whoever buried them. A parent that lives did. Of a
 * parent that has gone too, either it did, and all of it is told to the next living ancestor; or the orphan went to a
 * subreaper or init, which is each ancestor's doubt.
 */
export function bequeath(gone: readonly LedgerOwner[], before: LedgerOwners, now: LedgerOwners): void {
  // A zombie buries nobody any more: its children have gone to a subreaper or init.
  const lives = (owner: LedgerOwner): boolean => {
    const found = now.get(owner.pid)
    return found?.startTicks === owner.startTicks && found.sample?.state !== 'Z'
  }
  const parentOf = (owner: LedgerOwner): LedgerOwner | undefined => before.get(owner.sample?.ppid ?? 0)
  for (const owner of youngestFirst(gone, parentOf)) {
    const use = accountedFor(owner)
    const parent = parentOf(owner)
    if (isNothing(use)) continue
    if (parent?.sample !== undefined) add(ledgerOf(parent).measured, use)
    if (parent !== undefined && lives(parent)) continue
    const seen = new Set<LedgerOwner>(parent === undefined ? [] : [parent])
    for (let ancestor = parent && parentOf(parent); ancestor !== undefined && !seen.has(ancestor); ancestor = parentOf(ancestor)) {
      seen.add(ancestor)
      if (lives(ancestor) && ancestor.sample !== undefined) add(ledgerOf(ancestor).doubtful, use)
    }
    const init = now.get(1)
    if (init?.sample !== undefined && ![...seen].some(({ pid }) => pid === 1)) add(ledgerOf(init).doubtful, use)
  }
}

/** What is recovered now that this scan has told who is missing; undefined for nothing. Call once per scan, after `bequeath`. */
export function recover(owner: LedgerOwner, sample: ProcessSample): Readonly<Use> | undefined {
  const { children = NOTHING } = sample
  if (owner.ledger === undefined && isNothing(children)) return undefined
  const ledger = ledgerOf(owner)
  if (isNothing(children) && isNothing(ledger.buried) && isNothing(ledger.doubtful) && isNothing(ledger.doubtfulBefore)) return undefined
  const found = nothing()
  for (const field of FIELDS) {
    let unexplained = rounded(ledger.buried[field] - ledger.base[field] - ledger.measured[field] - ledger.recovered[field])
    for (const doubt of [ledger.doubtfulBefore, ledger.doubtful]) {
      const absorbed = Math.min(Math.max(0, unexplained), doubt[field])
      doubt[field] -= absorbed
      ledger.measured[field] += absorbed
      unexplained = rounded(unexplained - absorbed)
    }
    found[field] = Math.max(0, unexplained)
    ledger.recovered[field] += found[field]
    ledger.doubtfulBefore[field] = ledger.doubtful[field]
    ledger.doubtful[field] = 0
  }
  ledger.buried = copy(children)
  return found
}

/** Everything of the process that its parent will be told and that is counted already, or is not ours to claim. */
function accountedFor({ sample, ledger }: LedgerOwner): Use {
  const use = nothing()
  if (sample === undefined) return use
  for (const field of FIELDS) {
    use[field] = sample[field] ?? 0
    if (ledger !== undefined) use[field] += ledger.base[field] + ledger.measured[field] + ledger.recovered[field]
  }
  return use
}

/** Children before their parents, so that what a child leaves is in what its parent leaves. */
function youngestFirst(gone: readonly LedgerOwner[], parentOf: (owner: LedgerOwner) => LedgerOwner | undefined): LedgerOwner[] {
  const depths = new Map<LedgerOwner, number>()
  for (const owner of gone) {
    const chain = new Set<LedgerOwner>()
    for (let at: LedgerOwner | undefined = owner; at !== undefined && !chain.has(at); at = parentOf(at)) chain.add(at)
    depths.set(owner, chain.size)
  }
  return gone.toSorted((a, b) => (depths.get(b) ?? 0) - (depths.get(a) ?? 0))
}

function nothing(): Use {
  return { userSeconds: 0, systemSeconds: 0, minorFaults: 0, majorFaults: 0 }
}

function isNothing(use: ProcessUse): boolean {
  return !use.userSeconds && !use.systemSeconds && !use.minorFaults && !use.majorFaults
}

function copy(use: ProcessUse): Use {
  const { userSeconds = 0, systemSeconds = 0, minorFaults = 0, majorFaults = 0 } = use
  return { userSeconds, systemSeconds, minorFaults, majorFaults }
}

function add(to: Use, use: Use): void {
  for (const field of FIELDS) to[field] += use[field]
}

/** Seconds are sums of hundredths, which binary fractions miss by a little. */
function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6
}
