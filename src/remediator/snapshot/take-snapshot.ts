/** Owns the snapshot before an action: the process, the alert, the last minutes' metrics and the policy's paths, in one folder. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { messageOf } from '../../lib/errors.ts'
import type { Procfs } from '../../lib/linux/proc-process.ts'
import { makeDirectory } from '../../lib/make-directory.ts'
import type { Incident, Target } from '../model.ts'
import type { Policy } from '../policies/policy.ts'
import { promqlString, type Curve, type Prometheus } from '../prometheus.ts'
import { CopiedPaths, copyPaths } from './copy-paths.ts'
import { readProcessState } from './process-state.ts'

export interface SnapshotOptions {
  readonly procfs: Procfs
  readonly prometheus: Prometheus | undefined
  readonly nowMs: () => number
  /** Where snapshots are kept. */
  readonly directory: string
}

export interface TakenSnapshot {
  readonly id: string
  readonly directory: string
  readonly at: string
  readonly bytes: number
  /** What is not in it, and why; sentences. */
  readonly missing: readonly string[]
}

const METRICS_MS = 900_000
const METRICS_STEP_SECONDS = 15
const SERIES_MAX = 200
const FILE = 'snapshot.json'

/** Throws the system's error when it cannot be written; what it is made of may be missing, which it says. */
export async function takeSnapshot(
  incident: Incident,
  target: Target,
  policy: Policy,
  attempt: number,
  options: SnapshotOptions,
): Promise<TakenSnapshot> {
  const id = `${incident.id}-${attempt}`
  const directory = path.join(options.directory, id)
  // What an interrupted attempt left half done.
  rmSync(directory, { recursive: true, force: true })
  makeDirectory(directory)
  const at = new Date(options.nowMs()).toISOString()
  const missing: string[] = []
  const process = target.kind === 'process' ? readProcessState(target.pid, options.procfs) : undefined
  const paths = copyPaths(policy.snapshot.paths, path.join(directory, 'paths'), policy.snapshot.bytes_max)
  missing.push(...paths.skipped.map((each) => `not copied: ${each}`))
  const metrics = await readMetrics(incident, target, options, missing)
  const { labels, annotations, alertname, severity, startedAt, fingerprint } = incident
  const alert = { alertname, severity, labels, annotations, startsAt: startedAt, fingerprint }
  const text = JSON.stringify(
    { id, incident: incident.id, policy: policy.name, attempt, at, target, alert, process, metrics, paths, missing },
    null,
    1,
  )
  writeFileSync(path.join(directory, FILE), text, { mode: 0o600, flush: true })
  return { id, directory, at, bytes: Buffer.byteLength(text) + paths.bytes, missing }
}

const Stored = z.looseObject({ paths: CopiedPaths })

/** The paths that a snapshot holds; undefined when it cannot be read. */
export function readSnapshotPaths(directory: string): { readonly paths: CopiedPaths; readonly directory: string } | undefined {
  try {
    const { paths } = Stored.parse(JSON.parse(readFileSync(path.join(directory, FILE), 'utf8')))
    return { paths, directory: path.join(directory, 'paths') }
  } catch {
    return undefined
  }
}

/** All that procwarden's exporter measured of the program, the process or the folder. */
async function readMetrics(
  { labels }: Incident,
  target: Target,
  { prometheus, nowMs }: SnapshotOptions,
  missing: string[],
): Promise<readonly Curve[]> {
  if (!prometheus) {
    missing.push('no metrics: no Prometheus is configured')
    return []
  }
  const host = labels['instance'] === undefined ? '' : `,instance=${promqlString(labels['instance'])}`
  const about =
    target.kind === 'process'
      ? `group=${promqlString(target.group)},pid=~${promqlString(`|${target.pid}`)}`
      : labels['probe'] === undefined
        ? `group=${promqlString(target.group)}`
        : `probe=${promqlString(labels['probe'])}`
  const range = { fromMs: nowMs() - METRICS_MS, toMs: nowMs(), stepSeconds: METRICS_STEP_SECONDS }
  try {
    const curves = await prometheus.queryRange(`{__name__=~"procwarden_.+",${about}${host}}`, range)
    if (curves.length > SERIES_MAX) missing.push(`${curves.length - SERIES_MAX} series beyond ${SERIES_MAX} were left out`)
    return curves.slice(0, SERIES_MAX)
  } catch (error) {
    missing.push(`no metrics: ${messageOf(error)}`)
    return []
  }
}
