/** Owns targets that are no single process: a program as a whole, a probe, a check, or this machine. */
import { refuse, type StageResult, type Subject } from '../stage.ts'
import type { NamedTarget } from '../target.ts'
import { found, type IdentifyOptions } from './identified.ts'

const NAME_LENGTH_MAX = 256

export async function identifyNamed(subject: Subject, { findMembers }: IdentifyOptions): Promise<StageResult> {
  const { service, group, instance } = subject.incident.labels
  const name = [service, group].find((each) => each !== undefined && each !== '')
  if (name !== undefined && name.length > NAME_LENGTH_MAX)
    return refuse(subject, 'target_unknown', 'The program that the alert names has no sensible name.')
  if (name !== undefined) {
    const members = await findMembers(name, instance)
    const evidence =
      members.length === 0 ? `The alert names it; no process of it runs.` : `The alert names it; ${members.length} of its processes run.`
    return found(subject, { kind: 'service', name, group: name, evidence, confidence: 'high' }, members)
  }
  const needsProgram = subject.policy?.ladder.some((step) => step.action === 'restart') ?? false
  if (needsProgram) return refuse(subject, 'target_unknown', 'The alert names no program that could be restarted.')
  return found(subject, withoutProgram(subject.incident.labels), [])
}

/** What an alert is about that names no program. */
function withoutProgram({ probe, check, instance }: Readonly<Record<string, string>>): NamedTarget {
  for (const [kind, name] of [['probe', probe] as const, ['check', check] as const])
    if (name !== undefined && name !== '')
      return { kind, name, group: `${kind} ${name}`, evidence: 'The alert names it.', confidence: 'high' }
  return { kind: 'host', name: instance ?? 'this machine', group: 'host', evidence: 'The alert is about the machine.', confidence: 'high' }
}
