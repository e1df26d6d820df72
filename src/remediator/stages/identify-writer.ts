/** Owns finding the culprit of an alert that names only a folder: the process that is seen writing there, or nobody. */
import { realpathSync, statSync } from 'node:fs'
import path from 'node:path'
import { readProcessIdentity } from '../../lib/linux/proc-process.ts'
import { messageOf } from '../../lib/errors.ts'
import { nameOf, type Incident } from '../model.ts'
import { promqlString } from '../prometheus.ts'
import { end, refuse, type StageResult, type Subject } from '../stage.ts'
import { killedSince } from '../store/incidents.ts'
import { observeDirectoryWriters, type DirectoryObservation } from '../suspects/directory-writers.ts'
import { found, gone, isDead, startedAfter, targetOf, type IdentifyOptions, type RecentWriter } from './identified.ts'

/** How long a folder's writers are looked for. */
const OBSERVE_MS_MAX = 6_000
/** The shipped rules look this far back, and a scrape more: so long an alert speaks of what a stopped writer had written. */
const WINDOW_MS = 330_000
/** By then the last files of a stopped writer have been scraped, at the usual intervals. */
const SCRAPED_AFTER_MS = 15_000
const LOOK_AGAIN_MS = 10_000

export async function identifyWriter(
  subject: Subject,
  directory: string,
  options: IdentifyOptions,
  signal: AbortSignal,
): Promise<StageResult> {
  const { incident } = subject
  if (!path.isAbsolute(directory))
    return refuse(subject, 'target_unknown', `${directory} is no absolute path: it does not say where the folder is.`)
  const isOverFiles = subject.policy?.ladder.some((step) => step.action === 'quarantine') ?? false
  const writers = isOverFiles ? await options.writersIn(directory, signal) : []
  const stopped = lastStopped(incident, writers, options)
  if (stopped && !(await stormsAgain(incident, directory, stopped, options)))
    return isOverFiles ? leftBehind(subject, directory, stopped, writers, options) : waitForWindow(subject, directory, stopped, options)
  const before = changeTimeMs(directory)
  if (before === undefined) return refuse(subject, 'target_unknown', `${directory} is no folder that can be looked at from here.`)
  const observation = await observeDirectoryWriters({
    procfsRoot: options.procfs.root,
    directory: realpathSync(directory),
    exclude: new Set([options.ownPid]),
    durationMs: OBSERVE_MS_MAX,
    signal,
  })
  const { writer } = observation
  const identity = writer && readProcessIdentity(writer.pid, options.procfs)
  if (!writer || !identity || isDead(identity)) {
    const isQuiet = changeTimeMs(directory) === before
    return isQuiet && isOverFiles
      ? leftBehind(subject, directory, undefined, writers, options)
      : nobody(subject, directory, observation, isQuiet)
  }
  // After a stopped writer the alert is older than the next one, whose own files are what has been counted since.
  if (!stopped && startedAfter(identity, incident.startedAt)) {
    return refuse(subject, 'pid_recycled', `Pid ${identity.pid} writes into ${directory} but started after the alert began.`)
  }
  const evidence = `It was seen holding ${writer.filesSeen} different files below ${directory} open for writing, over ${(writer.spanMs / 1000).toFixed(1)} s.`
  const group = options.groupOf(identity)
  const category = options.knownWriter(identity, group)
  if (category === undefined) return found(subject, targetOf(identity, group, evidence, 'high'), [identity])
  // Compilers, archivers and package managers write many files as a matter of course, and into folders where others do.
  const doubt = `${evidence} As a ${category} program it does so as a matter of course.`
  return found(subject, targetOf(identity, group, doubt, 'medium'), [identity])
}

/**
 * The last incident within the window whose target was stopped and may have been the writer here: one about this folder, or
 * one of files that named a process, whose folders are not known, unless the exporter knows other writers of this one.
 */
function lastStopped(incident: Incident, writers: readonly RecentWriter[], { database, clock }: IdentifyOptions): Incident | undefined {
  const since = clock.nowMs() - WINDOW_MS
  return killedSince(database, new Date(since - WINDOW_MS).toISOString())
    .filter(({ alertname, labels, target }) =>
      labels['directory'] === undefined
        ? alertname.endsWith('FileCreationStorm') && (writers.length === 0 || writers.some(({ group }) => group === target?.group))
        : labels['directory'] === incident.labels['directory'],
    )
    .filter((other) => other.closedAt !== null && Date.parse(other.closedAt) > since)
    .toSorted((a, b) => Date.parse(a.closedAt ?? '') - Date.parse(b.closedAt ?? ''))
    .at(-1)
}

/** Whether, since the writer was stopped, the folder has gained more files than the alert's own threshold: then it is another's work. */
async function stormsAgain(
  incident: Incident,
  directory: string,
  stopped: Incident,
  { prometheus, clock, log }: IdentifyOptions,
): Promise<boolean> {
  const threshold = Number(incident.annotations['threshold'])
  if (!prometheus || !(threshold > 0)) return false
  const { instance } = incident.labels
  const host = instance === undefined ? '' : `,instance=${promqlString(instance)}`
  const counter = `procwarden_files_created_total{directory=${promqlString(directory)}${host}}`
  try {
    const since = Date.parse(stopped.closedAt ?? '') + SCRAPED_AFTER_MS
    const [before, now] = [await prometheus.query(counter, Math.min(since, clock.nowMs())), await prometheus.query(counter)]
    return (now[0]?.value ?? 0) - (before[0]?.value ?? Infinity) > threshold
  } catch (error) {
    log.warn('Prometheus could not tell what was created since the last writer was stopped', { directory, error: messageOf(error) })
    return false
  }
}

/** What is counted now may be what the stopped writer left in the window; suspecting whoever writes now would be wrong. */
function waitForWindow(subject: Subject, directory: string, stopped: Incident, { clock }: IdentifyOptions): StageResult {
  return end(subject, {
    event: 'postponed',
    text: `A writer was stopped on this machine a moment ago (incident ${stopped.id}); ${directory} is looked at again soon, unless the alert ends.`,
    status: 'deferred',
    decision: null,
    reason: 'just_stopped',
    outcome: null,
    nextAtMs: clock.nowMs() + LOOK_AGAIN_MS,
    data: { incident: stopped.id },
  })
}

/** What is to be dealt with are the files alone: nobody writes there any more. */
function leftBehind(
  subject: Subject,
  directory: string,
  stopped: Incident | undefined,
  [busiest]: readonly RecentWriter[],
  { knownWriter }: IdentifyOptions,
): StageResult {
  const writer = stopped?.target?.kind === 'process' ? stopped.target : undefined
  const category = writer || !busiest ? undefined : knownWriter({}, busiest.group)
  // A backup or an unpacked archive has files that are alike, and all of them are wanted.
  const made = busiest
    ? ` Most were made by ${busiest.group}${category === undefined ? '' : `, as a ${category} program does as a matter of course`}.`
    : ''
  return found(
    subject,
    {
      kind: 'folder',
      name: directory,
      group: writer?.group ?? busiest?.group ?? 'files',
      confidence: category === undefined ? 'high' : 'medium',
      evidence:
        stopped && writer
          ? `Its writer, ${nameOf(writer)}, was stopped (incident ${stopped.id}).`
          : `Nothing writes there any more.${made}`,
      ...(writer ? { since: writer.startTime } : {}),
      ...(writer?.uid === undefined ? {} : { uid: writer.uid }),
    },
    [],
  )
}

function nobody(subject: Subject, directory: string, observation: DirectoryObservation, isQuiet: boolean): StageResult {
  if (isQuiet) return gone(subject, `Nothing is being created in ${directory} any more.`)
  const seen = observation.sightings.map((sighting) => `pid ${sighting.pid} with ${sighting.filesSeen} files`).join(', ')
  return refuse(
    subject,
    'target_unknown',
    `No single process could be seen writing into ${directory}${seen === '' ? '' : ` (seen: ${seen})`}.`,
  )
}

/** A folder's own change time moves with each entry made in it. Undefined for what is no folder. */
function changeTimeMs(directory: string): number | undefined {
  try {
    const stats = statSync(directory)
    return stats.isDirectory() ? stats.mtimeMs : undefined
  } catch {
    return undefined
  }
}
