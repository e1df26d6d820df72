/** Owns checking that the process an alert names by pid is still the one it accuses. */
import { readProcessIdentity, type ProcessIdentity } from '../../lib/linux/proc-process.ts'
import { messageOf } from '../../lib/errors.ts'
import { nameOf } from '../model.ts'
import { promqlString, type Sample } from '../prometheus.ts'
import { refuse, type StageResult, type Subject } from '../stage.ts'
import type { Confidence } from '../target.ts'
import { found, gone, isDead, startedAfter, targetOf, type IdentifyOptions } from './identified.ts'

/** Prometheus holds the start time as the exporter computed it: wall clocks may have been adjusted since. */
const RECORDED_START_TOLERANCE_MS = 1_000

/** Who says that it is this process, when it is not the alert itself. */
export interface Accusation {
  readonly group: string
  readonly evidence: string
  readonly confidence: Confidence
}

export async function identifyByPid(
  subject: Subject,
  pidLabel: string,
  options: IdentifyOptions,
  accusation?: Accusation,
): Promise<StageResult> {
  const { incident } = subject
  const group = accusation?.group ?? incident.labels['group']
  if (!/^[1-9]\d{0,9}$/.test(pidLabel)) return refuse(subject, 'target_unknown', 'The label "pid" is not a process id.')
  if (group === undefined || group === '')
    return refuse(subject, 'target_unknown', 'The alert names a pid but no group to check it against.')
  const identity = readProcessIdentity(Number(pidLabel), options.procfs)
  const accused = nameOf({ group, pid: Number(pidLabel) })
  if (!identity || isDead(identity)) return gone(subject, `${accused} is no longer there.`)
  const before = incident.target
  if (!accusation && before?.kind === 'process' && before.startTicks !== identity.startTicks) {
    return gone(subject, `${accused} is no longer there; its pid belongs to another process now.`)
  }
  if (startedAfter(identity, incident.startedAt)) {
    return refuse(
      subject,
      'pid_recycled',
      `The process with pid ${pidLabel} started at ${new Date(identity.startTimeMs).toISOString()}, after the alert began: it is not the accused one.`,
    )
  }
  const doubt = await doubtAbout(identity, group, subject, options)
  if (doubt) return doubt
  const { evidence, confidence } = accusation ?? { evidence: `The alert names it: ${accused}.`, confidence: 'high' as const }
  return found(subject, targetOf(identity, group, evidence, confidence), [identity])
}

/** The refusal, when the program or what Prometheus had measured speaks against this being the accused process. */
async function doubtAbout(
  identity: ProcessIdentity,
  group: string,
  subject: Subject,
  options: IdentifyOptions,
): Promise<StageResult | undefined> {
  const recorded = (await recordedStarts(identity.pid, subject, options)).filter((sample) => sample.labels['group'] === group)
  const isMeasured = recorded.some((sample) => Math.abs(sample.value * 1000 - identity.startTimeMs) <= RECORDED_START_TOLERANCE_MS)
  if (recorded.length > 0 && !isMeasured) {
    return refuse(subject, 'pid_recycled', `The process with pid ${identity.pid} is not the one that was measured when the alert began.`)
  }
  const groupNow = options.groupOf(identity)
  // The exporter's own matchers may name it otherwise; then the measured series is the witness.
  if (groupNow === group || isMeasured) return undefined
  return refuse(subject, 'group_mismatch', `The process with pid ${identity.pid} is ${groupNow}, not ${group}: it is not the accused one.`)
}

/** What Prometheus had measured under this pid on this host when the alert began; nothing when it cannot be asked. */
async function recordedStarts(pid: number, { incident }: Subject, { prometheus, log }: IdentifyOptions): Promise<Sample[]> {
  if (!prometheus) return []
  const { instance } = incident.labels
  const host = instance === undefined ? '' : `,instance=${promqlString(instance)}`
  try {
    return await prometheus.query(
      `procwarden_process_start_time_seconds{pid=${promqlString(String(pid))}${host}}`,
      Date.parse(incident.startedAt),
    )
  } catch (error) {
    log.warn('Prometheus could not confirm the target; the process itself was checked', { pid, error: messageOf(error) })
    return []
  }
}
