/**
 * Owns the question what exactly an alert accuses: what a person approved or is asked about; what the policy's query names; the process whose pid
 * the alert names, the one seen writing in its folder, the parent of its zombies, the only one of its program; or the program as
 * a whole, where it is to be restarted. What is not provably the accused one is nobody's target.
 */
import { readProcessIdentity } from '../../lib/linux/proc-process.ts'
import { nameOf, type Target } from '../model.ts'
import type { Policy } from '../policies/policy.ts'
import type { StepOf } from '../policies/steps.ts'
import { isFrozenForAnswer } from '../store/holds.ts'
import { doubtAboutBrood } from '../suspects/brood.ts'
import { observeSources } from '../suspects/file-sources.ts'
import { refuse, type Stage, type StageResult, type Subject } from '../stage.ts'
import { found, gone, isDead, programOf, type IdentifyOptions } from './identified.ts'
import { identifyByPid } from './identify-by-pid.ts'
import { identifyByQuery } from './identify-by-query.ts'
import { identifyInGroup, identifyZombieParent } from './identify-in-group.ts'
import { identifyNamed } from './identify-named.ts'
import { identifyWriter } from './identify-writer.ts'

export function identify(options: IdentifyOptions): Stage {
  return {
    name: 'identify',
    deadlineMs: 60_000,
    run: async (subject, signal) => {
      const { incident, policy } = subject
      if (!policy) throw new Error('assertion failed: identify runs after match-policy')
      if (incident.target && (incident.approvedBy !== null || isAskedAbout(incident, options)))
        return identifyApproved(subject, incident.target, options)
      const result = await withDoubt(await identifyFirst(subject, policy, options, signal), policy, options, signal)
      return withManager(result, policy, options, signal)
    },
  }
}

/** What is frozen while a person is asked shows nothing any more of what it was accused of: it is still the one. */
function isAskedAbout({ id }: Subject['incident'], { database, clock }: IdentifyOptions): boolean {
  return isFrozenForAnswer(database, id, clock.boot().bootId)
}

async function identifyFirst(subject: Subject, policy: Policy, options: IdentifyOptions, signal: AbortSignal): Promise<StageResult> {
  const { pid, directory, group, service } = subject.incident.labels
  const names = new Set(policy.ladder.map((step) => step.action))
  if (policy.target !== 'labels') return identifyByQuery(subject, policy.target, options)
  if (names.has('reap')) return identifyZombieParent(subject, options)
  const needsProcess = names.has('kill') || names.has('freeze')
  if (names.has('restart') && !needsProcess) return identifyNamed(subject, options)
  if (pid !== undefined) return identifyByPid(subject, pid, options)
  if (needsProcess && directory !== undefined) return identifyWriter(subject, directory, options, signal)
  if (needsProcess && (group !== undefined || service !== undefined)) return identifyInGroup(subject, group ?? service ?? '', options)
  if (needsProcess)
    return refuse(subject, 'target_unknown', 'The alert names neither a process nor a folder, so there is nothing to act upon.')
  return identifyNamed(subject, options)
}

/** What a process does at this moment may speak against what it is accused of: then it is not the culprit for sure. */
async function withDoubt(result: StageResult, policy: Policy, options: IdentifyOptions, signal: AbortSignal): Promise<StageResult> {
  if (result.kind === 'end') return result
  const { incident, target, processes = [] } = result.subject
  if (target?.kind !== 'process' || target.confidence !== 'high') return result
  const doubt = await doubtAbout(incident.alertname, target.pid, policy, options, signal)
  return doubt === undefined
    ? result
    : found(result.subject, { ...target, confidence: 'medium', evidence: `${target.evidence} ${doubt}` }, processes)
}

async function doubtAbout(
  alertname: string,
  pid: number,
  { ladder }: Policy,
  { procfs }: IdentifyOptions,
  signal: AbortSignal,
): Promise<string | undefined> {
  const isTree = ladder.some((step) => step.action === 'kill' && step.tree)
  if (isTree && alertname === 'ForkBomb') return doubtAboutBrood(pid, procfs)
  if (!/^(?:(?:Process)?FileCreationStorm|DuplicateFiles)$/.test(alertname)) return undefined
  const sources = await observeSources({ procfsRoot: procfs.root, pid, signal })
  return (
    sources &&
    `It reads something new for what it creates (${sources.placesRead} places in files while it wrote ${sources.filesWritten} files): it copies, converts or unpacks.`
  )
}

/** Where a restart is part of the ladder, what it would be of is part of the target: the processes may be gone by then. */
async function withManager(result: StageResult, policy: Policy, options: IdentifyOptions, signal: AbortSignal): Promise<StageResult> {
  const step = policy.ladder.find((each) => each.action === 'restart') ?? parentRestart(policy)
  if (result.kind === 'end' || !result.subject.target || step?.action !== 'restart') return result
  const { target, processes = [] } = result.subject
  const manager = await options.findManager(target.group, processes, step, signal)
  if (manager.manager === 'none') {
    // Whatever comes before the restart may be enough.
    const isNeeded = policy.ladder.some((each) => each.action === 'restart' && each.from_attempt <= 1)
    return isNeeded ? refuse(result.subject, 'target_unknown', `${manager.why}.`) : result
  }
  const managed = { manager: manager.manager, name: manager.name }
  const evidence =
    managed.manager === 'command' ? target.evidence : `${target.evidence} It runs under ${managed.manager} as ${managed.name}.`
  return found(result.subject, { ...target, evidence, managed }, processes)
}

function parentRestart(policy: Policy): StepOf<'restart'> | undefined {
  const restarts = policy.ladder.some((step) => step.action === 'reap' && step.restart_parent)
  return restarts ? { action: 'restart', manager: 'auto', up_within_seconds: 30, settle_seconds: 2, from_attempt: 2 } : undefined
}

/** A person is asked about, or approved, one exact process running one program: that one, or none. Of a service, whatever runs of it now. */
async function identifyApproved(subject: Subject, target: Target, options: IdentifyOptions): Promise<StageResult> {
  if (target.kind === 'service') return found(subject, target, await options.findMembers(target.group, subject.incident.labels['instance']))
  if (target.kind !== 'process') return found(subject, target, [])
  const identity = readProcessIdentity(target.pid, options.procfs)
  if (!identity || isDead(identity) || identity.startTicks !== target.startTicks)
    return gone(subject, `${nameOf(target)} is no longer there.`)
  const program = programOf(identity)
  if (program === target.program) return found(subject, target, [identity])
  return refuse(
    subject,
    'group_mismatch',
    `${nameOf(target)} ran ${target.program} when a person was asked and runs ${program} now: nobody was asked about that.`,
  )
}
