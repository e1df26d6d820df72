/** Owns what the API's routes are given. */
import type { Clock } from '../../lib/clock.ts'
import type { AdvisorDesk } from '../advisor/desk.ts'
import type { Journal } from '../audit/journal.ts'
import type { CheckKeeper } from '../checks/keeper.ts'
import type { AboutRemediator } from '../status-view.ts'
import type { SignInLinks } from '../console/sign-in-links.ts'
import type { Database } from '../store/database.ts'
import type { AuthenticateOptions } from './authenticate.ts'

export interface RollbackReport {
  readonly incident: string
  readonly done: readonly string[]
  readonly failed: readonly string[]
  readonly cannot: readonly string[]
}

export interface ApiContext {
  readonly database: Database
  readonly journal: Journal
  readonly clock: Clock
  /** What only the running process knows. */
  readonly about: () => AboutRemediator
  /** Undefined when there is no such incident. */
  readonly rollback: (id: string, by: string, only?: readonly string[]) => Promise<RollbackReport | undefined>
  /** As it is now: a reload may change it. */
  readonly authentication: () => AuthenticateOptions
  /** Links into the console. */
  readonly links: SignInLinks
  /** As configured now. */
  readonly checks: () => CheckKeeper
  /** As configured now; undefined when there is none. */
  readonly advisor: () => Pick<AdvisorDesk, 'opinion'> | undefined
  /** There is something new to work on. */
  readonly onWork: () => void
}
