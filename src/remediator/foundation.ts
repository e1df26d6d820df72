/** Owns what lives as long as the remediator's process, and what the parts of a configuration share. */
import type { Clock } from '../lib/clock.ts'
import type { Procfs } from '../lib/linux/proc-process.ts'
import type { Logger } from '../lib/log.ts'
import type { Holder } from './actions/held-processes.ts'
import type { AdvisorDesk } from './advisor/desk.ts'
import type { CheckKeeper } from './checks/keeper.ts'
import type { Journal } from './audit/journal.ts'
import type { RemediatorOptions } from './config.ts'
import type { RemediatorMetrics } from './metrics.ts'
import type { StageObserver } from './pipeline.ts'
import type { Prometheus } from './prometheus.ts'
import type { createDocker } from './services/docker.ts'
import type { createPm2 } from './services/pm2.ts'
import type { createSystemd } from './services/systemd.ts'
import type { KnownWriter } from './stages/identified.ts'
import type { Policies } from './stages/match-policy.ts'
import type { Database } from './store/database.ts'
import type { NeverList } from './suspects/never-list.ts'
import type { FindMembers } from './suspects/group-members.ts'
import type { TreeProcess } from './suspects/process-tree.ts'

/** What lives as long as the process. */
export interface Foundation {
  readonly options: RemediatorOptions
  readonly log: Logger
  readonly clock: Clock
  readonly procfs: Procfs
  readonly database: Database
  readonly journal: Journal
  readonly metrics: RemediatorMetrics
  readonly observer?: StageObserver
  /** Where this remediator listens; undefined until it does. */
  readonly ownUrl: () => string | undefined
  /** There is something to work on. */
  readonly onWork: () => void
}

/** What several stages and actions need. */
export interface Parts {
  readonly policies: Policies
  readonly prometheus: Prometheus | undefined
  readonly checks: CheckKeeper
  /** Undefined where none is configured. */
  readonly advisor: AdvisorDesk | undefined
  readonly holder: Holder
  readonly neverList: NeverList
  readonly managers: {
    readonly systemd: ReturnType<typeof createSystemd>
    readonly docker: ReturnType<typeof createDocker>
    readonly pm2: ReturnType<typeof createPm2>
  }
  readonly mayTouch: (process: TreeProcess) => boolean
  readonly own: { readonly unit?: string; readonly container?: string }
  readonly findMembers: FindMembers
  readonly knownWriter: KnownWriter
}
