/**
 * Owns finding the exact process an alert accuses: by the pid it names, or, when it names only a folder, by seeing who
 * writes there. A process that is not provably the accused one is nobody's target.
 */
import { realpathSync, statSync } from 'node:fs'
import { readProcessIdentity, type ProcessIdentity, type Procfs } from '../../lib/linux/proc-process.ts'
import { promqlString, type Prometheus, type Sample } from '../prometheus.ts'
import { end, next, refuse, type Stage, type StageResult, type Subject } from '../stage.ts'
import { nameOf, type Target } from '../model.ts'
import { observeDirectoryWriters } from '../target/directory-writers.ts'
import type { Logger } from '../../lib/log.ts'

export interface IdentifyOptions {
  readonly procfs: Procfs
  readonly groupOf: (identity: ProcessIdentity) => string
  readonly prometheus: Prometheus | undefined
  readonly ownPid: number
  readonly log: Logger
}

/** How long a folder's writers are looked for. */
const OBSERVE_MS = 6_000
/**
 * A start time has the kernel's resolution of 10 ms and the uptime it is set against another 10 ms; an alert begins at
 * least one scrape after its process did.
 */
const START_TOLERANCE_MS = 50
/** Prometheus holds the start time as the exporter computed it: wall clocks may have been adjusted since. */
const RECORDED_START_TOLERANCE_MS = 1_000

export function identify(options: IdentifyOptions): Stage {
  return {
    name: 'identify',
    run: (subject, signal) => {
      const { pid, directory } = subject.incident.labels
      if (subject.incident.approvedBy !== null && subject.incident.target)
        return Promise.resolve(identifyApproved(subject, subject.incident.target, options))
      if (pid !== undefined) return identifyByPid(subject, pid, options)
      if (directory !== undefined) return identifyWriter(subject, directory, options, signal)
      return Promise.resolve(
        refuse(subject, 'target_unknown', 'The alert names neither a process nor a folder, so there is nothing to act upon.'),
      )
    },
  }
}

/** A person approved one exact process: that one, or none. */
function identifyApproved(subject: Subject, target: Target, options: IdentifyOptions): StageResult {
  const identity = readProcessIdentity(target.pid, options.procfs)
  if (!identity || isDead(identity) || identity.startTicks !== target.startTicks)
    return gone(subject, `${nameOf(target)} is no longer there.`)
  return found(subject, identity, target)
}

async function identifyByPid(subject: Subject, pidLabel: string, options: IdentifyOptions): Promise<StageResult> {
  const { incident } = subject
  const group = incident.labels['group']
  if (!/^[1-9]\d{0,9}$/.test(pidLabel)) return refuse(subject, 'target_unknown', 'The label "pid" is not a process id.')
  if (group === undefined || group === '')
    return refuse(subject, 'target_unknown', 'The alert names a pid but no group to check it against.')
  const identity = readProcessIdentity(Number(pidLabel), options.procfs)
  const accused = nameOf({ group, pid: Number(pidLabel) })
  if (!identity || isDead(identity)) return gone(subject, `${accused} is no longer there.`)
  const pinned = incident.target
  if (pinned && pinned.startTicks !== identity.startTicks)
    return gone(subject, `${accused} is no longer there; its pid belongs to another process now.`)
  const startTime = new Date(identity.startTimeMs).toISOString()
  if (identity.startTimeMs > Date.parse(incident.startedAt) + START_TOLERANCE_MS) {
    return refuse(
      subject,
      'pid_recycled',
      `The process with pid ${pidLabel} started at ${startTime}, after the alert began: it is not the accused one.`,
    )
  }
  const recorded = await recordedStarts(identity.pid, incident.startedAt, options)
  const sameProcess = recorded.filter((sample) => Math.abs(sample.value * 1000 - identity.startTimeMs) <= RECORDED_START_TOLERANCE_MS)
  if (recorded.some((sample) => sample.labels['group'] === group) && sameProcess.length === 0) {
    return refuse(subject, 'pid_recycled', `The process with pid ${pidLabel} is not the one that was measured when the alert began.`)
  }
  const groupNow = options.groupOf(identity)
  // The exporter's own matchers may name it otherwise; then the measured series is the witness.
  if (groupNow !== group && !sameProcess.some((sample) => sample.labels['group'] === group)) {
    return refuse(subject, 'group_mismatch', `The process with pid ${pidLabel} is ${groupNow}, not ${group}: it is not the accused one.`)
  }
  return found(subject, identity, {
    group,
    pid: identity.pid,
    startTicks: identity.startTicks,
    startTime,
    evidence: `The alert names it: ${accused}.`,
  })
}

async function identifyWriter(subject: Subject, directory: string, options: IdentifyOptions, signal: AbortSignal): Promise<StageResult> {
  const before = changeTimeMs(directory)
  if (before === undefined) return refuse(subject, 'target_unknown', `The folder ${directory} cannot be looked at from here.`)
  const observation = await observeDirectoryWriters({
    procfsRoot: options.procfs.root,
    directory: realpathSync(directory),
    exclude: new Set([options.ownPid]),
    durationMs: OBSERVE_MS,
    signal,
  })
  const identity = observation.writer && readProcessIdentity(observation.writer.pid, options.procfs)
  if (!observation.writer || !identity || isDead(identity)) {
    if (changeTimeMs(directory) === before) return gone(subject, `Nothing is being created in ${directory} any more.`)
    const seen = observation.sightings.map((sighting) => `pid ${sighting.pid} with ${sighting.filesSeen} files`).join(', ')
    return refuse(
      subject,
      'target_unknown',
      `No single process could be seen writing into ${directory}${seen === '' ? '' : ` (seen: ${seen})`}.`,
    )
  }
  if (identity.startTimeMs > Date.parse(subject.incident.startedAt) + START_TOLERANCE_MS) {
    return refuse(subject, 'pid_recycled', `Pid ${identity.pid} writes into ${directory} but started after the alert began.`)
  }
  const evidence = `It was seen holding ${observation.writer.filesSeen} different files below ${directory} open for writing within ${OBSERVE_MS / 1000} s.`
  const target = {
    group: options.groupOf(identity),
    pid: identity.pid,
    startTicks: identity.startTicks,
    startTime: new Date(identity.startTimeMs).toISOString(),
    evidence,
  }
  return found(subject, identity, target)
}

function found(subject: Subject, process: ProcessIdentity, target: Target): StageResult {
  const note = {
    event: 'target.identified',
    text: `The target is ${nameOf(target)}, started ${target.startTime}. ${target.evidence}`,
    data: { target },
  }
  return next({ ...subject, process, target, cooldownKey: `process:${target.group}` }, note, { target })
}

function gone(subject: Subject, text: string): StageResult {
  return end(subject, { event: 'target.gone', text, status: 'done', decision: 'refuse', reason: 'target_gone', outcome: 'target_gone' })
}

function isDead(identity: ProcessIdentity): boolean {
  return identity.state === 'Z' || identity.state === 'X'
}

/** What Prometheus had measured under this pid when the alert began; nothing when it cannot be asked. */
async function recordedStarts(pid: number, startedAt: string, options: IdentifyOptions): Promise<Sample[]> {
  if (!options.prometheus) return []
  try {
    return await options.prometheus.query(`procwarden_process_start_time_seconds{pid=${promqlString(String(pid))}}`, Date.parse(startedAt))
  } catch (error) {
    options.log.warn('Prometheus could not confirm the target; the process itself was checked', { pid, error: String(error) })
    return []
  }
}

/** A folder's own change time moves with each entry made in it. */
function changeTimeMs(directory: string): number | undefined {
  try {
    return statSync(directory).mtimeMs
  } catch {
    return undefined
  }
}
