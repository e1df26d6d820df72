/** Owns undoing what was done about an incident, as far as it can be undone, and saying what cannot. */
import { z } from 'zod'
import { printable } from '../lib/log.ts'
import { runCommand } from '../lib/run-command.ts'
import { occasionEnvironment, occasionJson } from './actions/alert-environment.ts'
import { thawIncident, type FreezeOptions } from './actions/freeze.ts'
import type { Journal } from './audit/journal.ts'
import { nameOf, type Incident } from './model.ts'
import type { Policy } from './policies/policy.ts'
import { restoreFiles } from './quarantine/restore-files.ts'
import { restorePaths } from './snapshot/restore-paths.ts'
import { readSnapshotPaths } from './snapshot/take-snapshot.ts'
import { auditEntriesOf } from './store/audit-entries.ts'
import type { Database } from './store/database.ts'
import { getIncident } from './store/incidents.ts'
import { quarantinesOf, updateQuarantine } from './store/quarantines.ts'
import { snapshotsOf } from './store/snapshots.ts'

/** Sentences for people. */
export interface RollbackReport {
  readonly incident: string
  readonly done: readonly string[]
  readonly failed: readonly string[]
  readonly cannot: readonly string[]
}

export interface RollbackOptions extends Pick<FreezeOptions, 'holder' | 'boot'> {
  readonly database: Database
  readonly journal: Journal
  readonly policyOf: (incident: Incident) => Policy | undefined
  readonly environment: Readonly<Record<string, string>>
}

interface Findings {
  readonly done: string[]
  readonly failed: string[]
  readonly cannot: string[]
}

/** What is not to be done twice, kept in the data of the audit entry: people may have changed things since. */
const Undone = z.object({
  /** `left`: the paths that could not be put back, by their place in the snapshot's list. */
  putBack: z.object({ snapshot: z.string(), left: z.array(z.number()) }).optional(),
  commandRan: z.boolean().optional(),
})
type Undone = z.infer<typeof Undone>

interface Earlier {
  readonly putBack?: { readonly at: string; readonly left: readonly number[] }
  readonly commandRan?: { readonly at: string }
}

const OUTPUT_BYTES_MAX = 65_536
const FAILURES_TOLD_MAX = 20

/** `only`: paths of quarantined files; then nothing else is undone. Undefined when there is no such incident. */
export async function rollback(
  id: string,
  by: string,
  only: readonly string[] | undefined,
  options: RollbackOptions,
): Promise<RollbackReport | undefined> {
  const { database, journal } = options
  const incident = getIncident(database, id)
  if (!incident) return undefined
  const findings: Findings = { done: [], failed: [], cannot: [] }
  if (incident.closedAt === null) {
    findings.failed.push('The incident is still being worked on: deny it, or wait until it is closed.')
    return { incident: id, ...findings }
  }
  if (only === undefined)
    for (const { kind, text } of thawIncident(id, options)) findings[kind === 'refused' ? 'failed' : 'done'].push(text)
  await restoreQuarantined(id, only, findings, database)
  const undone: Undone = {}
  if (only === undefined) {
    const earlier = undoneEarlier(id, database)
    undone.putBack = restoreSnapshot(id, earlier, findings, database)
    undone.commandRan = await runRollbackCommand(incident, earlier, findings, options)
    findings.cannot.push(...whatStays(incident, options))
  }
  const text = `${by} rolled back: ${[...findings.done, ...findings.failed, ...findings.cannot].join(' ') || 'there was nothing to undo.'}`
  journal.record('rolled_back', id, text, { by, ...findings, ...undone, ...(only ? { only: only.slice(0, 100) } : {}) })
  journal.flush()
  return { incident: id, ...findings }
}

async function restoreQuarantined(id: string, only: readonly string[] | undefined, findings: Findings, database: Database): Promise<void> {
  for (const row of quarantinesOf(database, id)) {
    if (row.status === 'expired') {
      findings.cannot.push(`The files of quarantine ${row.id} were removed when their time was over.`)
      continue
    }
    const result = await restoreFiles(row.directory, only)
    if (result === undefined) {
      findings.failed.push(`The manifest of quarantine ${row.id} in ${row.directory} cannot be read.`)
      continue
    }
    const { restored, failed, failedCount, left } = result
    if (restored > 0) {
      updateQuarantine(database, row.id, { restored: row.restored + restored, status: left === 0 ? 'restored' : 'open' })
      findings.done.push(`Restored ${restored} of ${restored + left} files from quarantine ${row.id}.`)
    }
    if (failedCount > 0)
      findings.failed.push(`${failedCount} files stay in quarantine ${row.id}: ${failed.map((each) => printable(each)).join('; ')}.`)
  }
}

/** By rollbacks since the last action: after one, there is something to undo again. */
function undoneEarlier(id: string, database: Database): Earlier {
  let earlier: Earlier = {}
  for (const { at, event, data } of auditEntriesOf(database, id)) {
    if (event === 'acted') earlier = {}
    const { data: undone } = Undone.safeParse(event === 'rolled_back' ? data : {})
    if (undone?.putBack) earlier = { ...earlier, putBack: { at, left: undone.putBack.left } }
    if (undone?.commandRan === true) earlier = { ...earlier, commandRan: { at } }
  }
  return earlier
}

/** The first snapshot is the state before anything was done. What was put back once is left as it is now. */
function restoreSnapshot(id: string, { putBack }: Earlier, findings: Findings, database: Database): Undone['putBack'] {
  const [first] = snapshotsOf(database, id)
  if (!first) return undefined
  const stored = readSnapshotPaths(first.directory)
  if (!stored) {
    findings.failed.push(`Snapshot ${first.id} in ${first.directory} cannot be read.`)
    return undefined
  }
  const { files } = stored.paths
  const wanted = putBack ? putBack.left.flatMap((index) => files[index] ?? []) : files
  if (putBack && wanted.length < files.length) {
    const count = files.length - wanted.length
    findings.cannot.push(`${count} paths from snapshot ${first.id} were put back already at ${putBack.at}; what is there now is left.`)
  }
  if (wanted.length === 0) return undefined
  const failed = restorePaths(wanted, stored.directory)
  const count = wanted.length - failed.length
  if (count > 0) findings.done.push(`Put back ${count} paths from snapshot ${first.id}.`)
  if (failed.length > 0) {
    const told = failed.slice(0, FAILURES_TOLD_MAX).map(({ file, why }) => printable(`${file.path}: ${why}`))
    findings.failed.push(`Could not put back ${failed.length} paths: ${told.join('; ')}.`)
  }
  const left = new Set(failed.map(({ file }) => file))
  return { snapshot: first.id, left: files.flatMap((file, index) => (left.has(file) ? [index] : [])) }
}

/** Returns whether it ran and ended well. */
async function runRollbackCommand(
  incident: Incident,
  { commandRan }: Earlier,
  findings: Findings,
  { policyOf, environment }: RollbackOptions,
): Promise<boolean> {
  const policy = policyOf(incident)
  if (!policy?.rollback || incident.attempts === 0) return false
  if (commandRan) {
    findings.cannot.push(`The policy's rollback command ended well already at ${commandRan.at}; it is not run again.`)
    return false
  }
  const { command, timeout_seconds: timeoutSeconds } = policy.rollback
  const occasion = { incident, target: incident.target, policy: policy.name, attempt: incident.attempts }
  const { ending, stderr } = await runCommand({
    argv: command,
    stdin: `${occasionJson(occasion)}\n`,
    environment: { ...environment, ...occasionEnvironment(occasion) },
    timeoutMs: timeoutSeconds * 1000,
    outputBytesMax: OUTPUT_BYTES_MAX,
  })
  const said = printable(stderr.trim().split('\n').at(-1) ?? '').slice(0, 300)
  const isWell = ending.kind === 'exited' && ending.code === 0
  if (isWell) findings.done.push(`The policy's rollback command ${command[0]} ran and ended well.`)
  else
    findings.failed.push(
      `The policy's rollback command ${command[0]} failed (${ending.kind === 'exited' ? `exit code ${ending.code}` : ending.kind.replaceAll('_', ' ')}) ${said}`.trim(),
    )
  return isWell
}

/** Told by the record: what was done once and has no way back. */
function whatStays(incident: Incident, { database, policyOf }: RollbackOptions): string[] {
  const outcomes = new Set(
    auditEntriesOf(database, incident.id).flatMap(({ event, data }) =>
      event === 'acted' || event === 'recovered' ? [data['outcome']] : [],
    ),
  )
  const who = incident.target ? nameOf(incident.target) : 'the program'
  const [first] = snapshotsOf(database, incident.id)
  const how = first ? ` How it had been started is in snapshot ${first.id} (${first.directory}).` : ''
  return [
    ...(outcomes.has('killed') ? [`${who} was ended and cannot be brought back.${how}`] : []),
    ...(outcomes.has('restarted') ? [`A restart of ${who} cannot be undone.`] : []),
    ...(outcomes.has('executed') && policyOf(incident)?.rollback === undefined
      ? ['What the command did is not known; its policy has no rollback command.']
      : []),
  ]
}
