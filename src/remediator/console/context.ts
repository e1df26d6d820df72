/** Owns what the console is given. It reads the store and acts through the same functions as the API; it decides nothing itself. */
import type { Procfs } from '../../lib/linux/proc-process.ts'
import type { Peer } from '../../lib/peer.ts'
import type { Logger } from '../../lib/log.ts'
import type { ApiContext } from '../api/context.ts'
import type { Mode } from '../model.ts'
import type { Policy } from '../policies/policy.ts'

/** A policy, and the mode that it works in. */
export interface PolicyInForce {
  readonly policy: Policy
  readonly mode: Mode
}

export interface ConsoleContext extends ApiContext {
  readonly log: Logger
  readonly procfs: Procfs
  /** Where the store and the audit trail's mirror are. */
  readonly stateDir: string
  readonly policies: () => readonly PolicyInForce[]
  /** Programs that are never touched, or the only ones that are, by configuration. */
  readonly lists: () => { readonly deny: readonly string[]; readonly allow: readonly string[] }
  /** Where Prometheus is; undefined when none is configured. */
  readonly prometheus: () => Peer | undefined
  /** Lets what an incident has frozen go on; sentences. Undefined when there is no such incident. */
  readonly thaw: (id: string, by: string) => readonly string[] | undefined
}
