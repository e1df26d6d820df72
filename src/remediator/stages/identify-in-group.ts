/** Owns finding the accused process of a program that an alert names without a pid: its only process, or the parent of its zombies. */
import { readProcessIdentity } from '../../lib/linux/proc-process.ts'
import { refuse, type StageResult, type Subject } from '../stage.ts'
import { zombiesByParent } from '../suspects/group-members.ts'
import { found, gone, startedAfter, targetOf, type IdentifyOptions } from './identified.ts'

export async function identifyInGroup(subject: Subject, group: string, options: IdentifyOptions): Promise<StageResult> {
  const members = await options.findMembers(group, subject.incident.labels['instance'])
  if (members.length === 0) return gone(subject, `No process of ${group} runs any more.`)
  // A process that forks to run something else is, for a moment, two of its program; a server with workers is many.
  const pids = new Set(members.map((member) => member.pid))
  const [root, ...otherRoots] = members.filter((member) => !pids.has(member.ppid))
  if (root === undefined || otherRoots.length > 0) {
    const text = `${members.length} processes of ${group} run, and the alert does not say which one it means. A query can, as the policy's target.`
    return refuse(subject, 'target_unknown', text)
  }
  if (startedAfter(root, subject.incident.startedAt))
    return refuse(
      subject,
      'pid_recycled',
      `The process of ${group} (pid ${root.pid}) started after the alert began: it is not the accused one.`,
    )
  const isOnly = members.length === 1
  const evidence = isOnly
    ? `It is the only process of ${group}.`
    : `The ${members.length - 1} other processes of ${group} were started by it.`
  return found(subject, targetOf(root, group, evidence, isOnly ? 'high' : 'medium'), [root])
}

/** The label `group` names the dead children's program or their parent's; without it, all of the machine are meant. */
export function identifyZombieParent(subject: Subject, options: IdentifyOptions): StageResult {
  const { group } = subject.incident.labels
  const candidates = [...zombiesByParent(options.procfs)].flatMap(([pid, zombies]) => {
    const parent = readProcessIdentity(pid, options.procfs)
    if (!parent) return []
    const name = options.groupOf(parent)
    const accused =
      group === undefined || name === group ? zombies : zombies.filter((zombie) => zombie.comm === group.slice(0, COMM_LENGTH_MAX))
    return accused.length === 0 ? [] : [{ parent, name, count: accused.length }]
  })
  const worst = candidates.toSorted((a, b) => b.count - a.count)[0]
  if (worst === undefined) return gone(subject, `No dead child${group === undefined ? '' : ` of ${group}`} waits to be collected any more.`)
  const evidence = `It has ${worst.count} dead children that it does not collect.`
  return found(subject, targetOf(worst.parent, worst.name, evidence, 'high'), [worst.parent])
}

/** A dead process has nothing left but the kernel's name of it (proc_pid_comm(5)). */
const COMM_LENGTH_MAX = 15
