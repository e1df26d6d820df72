/** Owns finding the target by the policy's own query, such as the top writer: the highest series names it by pid and group. */
import { messageOf } from '../../lib/errors.ts'
import { printable } from '../../lib/log.ts'
import type { Policy } from '../policies/policy.ts'
import { fillQuery } from '../policies/query-text.ts'
import type { Sample } from '../prometheus.ts'
import { postpone, refuse, type StageResult, type Subject } from '../stage.ts'
import type { IdentifyOptions } from './identified.ts'
import { identifyByPid } from './identify-by-pid.ts'
import { identifyInGroup } from './identify-in-group.ts'

const AGAIN_MS = 15_000

export async function identifyByQuery(
  subject: Subject,
  { query, confidence }: Exclude<Policy['target'], 'labels'>,
  options: IdentifyOptions,
): Promise<StageResult> {
  const { prometheus, clock } = options
  if (!prometheus) return refuse(subject, 'target_unknown', 'The policy finds its target by a query, but no Prometheus is configured.')
  let samples: readonly Sample[]
  try {
    samples = await prometheus.query(fillQuery(query, subject.incident.labels))
  } catch (error) {
    return postpone(
      subject,
      'target_unknown',
      `The target could not be asked for. ${printable(messageOf(error))}`,
      clock.nowMs() + AGAIN_MS,
    )
  }
  const ranked = samples.filter((sample) => Number.isFinite(sample.value)).toSorted((a, b) => b.value - a.value)
  const [top, second] = ranked
  if (top === undefined) return refuse(subject, 'target_unknown', "The policy's query names nothing.")
  if (second !== undefined && second.value === top.value)
    return refuse(
      subject,
      'target_unknown',
      `The policy's query names ${ranked.filter((sample) => sample.value === top.value).length} at the same height: none is the culprit for sure.`,
    )
  const { pid, group } = top.labels
  if (group === undefined)
    return refuse(subject, 'target_unknown', "The policy's query gives no label group, so that its answer cannot be checked.")
  const evidence = `The policy's query names it, at ${top.value}.`
  if (pid === undefined) return identifyInGroup(subject, group, options)
  return identifyByPid(subject, pid, options, { group, evidence, confidence })
}
