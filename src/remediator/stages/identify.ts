/**
 * Owns the question which exact process an alert accuses: the one a person approved, the one whose pid it names, or, when
 * it names only a folder, the one seen writing there. What is not provably the accused one is nobody's target.
 */
import { readProcessIdentity } from '../../lib/linux/proc-process.ts'
import { nameOf, type Target } from '../model.ts'
import { refuse, type Stage, type StageResult, type Subject } from '../stage.ts'
import { found, gone, isDead, programOf, type IdentifyOptions } from './identified.ts'
import { identifyByPid } from './identify-by-pid.ts'
import { identifyWriter } from './identify-writer.ts'

export function identify(options: IdentifyOptions): Stage {
  return {
    name: 'identify',
    run: async (subject, signal) => {
      const { incident } = subject
      const { pid, directory } = incident.labels
      if (incident.approvedBy !== null && incident.target) return identifyApproved(subject, incident.target, options)
      if (pid !== undefined) return identifyByPid(subject, pid, options)
      if (directory !== undefined) return identifyWriter(subject, directory, options, signal)
      return refuse(subject, 'target_unknown', 'The alert names neither a process nor a folder, so there is nothing to act upon.')
    },
  }
}

/** A person approved one exact process running one program: that one, or none. */
function identifyApproved(subject: Subject, target: Target, options: IdentifyOptions): StageResult {
  const identity = readProcessIdentity(target.pid, options.procfs)
  if (!identity || isDead(identity) || identity.startTicks !== target.startTicks)
    return gone(subject, `${nameOf(target)} is no longer there.`)
  const program = programOf(identity)
  if (program === target.program) return found(subject, identity, target)
  return refuse(
    subject,
    'group_mismatch',
    `${nameOf(target)} ran ${target.program} when it was approved and runs ${program} now: it was not approved.`,
  )
}
