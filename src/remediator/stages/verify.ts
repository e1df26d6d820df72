/** Owns the check after the action: is the accused process really gone? Trusts /proc, not the action's word. */
import { assert } from '../../lib/errors.ts'
import { readStat, type Procfs } from '../../lib/linux/proc-process.ts'
import { end, type Stage } from '../stage.ts'
import { nameOf } from '../model.ts'

export function verify(procfs: Procfs): Stage {
  return {
    name: 'verify',
    run: async (subject) => {
      const { target, result } = subject
      assert(target && result, 'verify runs after act')
      const stat = readStat(target.pid, procfs)
      const isThere = stat !== undefined && stat.startTicks === target.startTicks && stat.state !== 'Z' && stat.state !== 'X'
      if (result.outcome === 'killed' && isThere) {
        const text = `${result.text} Yet it is still there.`
        return end(subject, { event: 'verified', text, status: 'done', decision: 'act', reason: 'survived', outcome: 'failed' })
      }
      const text = isThere ? result.text : `${result.text} Verified: ${nameOf(target)} is gone.`
      return end(subject, { event: 'verified', text, status: 'done', decision: 'act', reason: result.reason, outcome: result.outcome })
    },
  }
}
