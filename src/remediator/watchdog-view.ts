/** Owns how the watchdog looks from outside: checks that fail or drift, what share of the actions fails, and which alerts say so. */
import type { CheckState } from './checks/keeper.ts'
import type { Watchdog } from './api/schemas.ts'
import type { z } from 'zod'
import { actionsSince } from './store/incidents/actions-since.ts'
import type { Database } from './store/database.ts'
import { firingAlerts } from './store/incidents/firing-alerts.ts'

const HOUR_MS = 3_600_000
/** The alerts on what the watchdog watches; their thresholds are in prometheus/rules/thresholds.yml. */
const WATCHED = ['CheckFailed', 'CheckDrifted', 'RemediationFailing', 'HumanAlertOpen']

/** `states` is null where nothing runs that knows which checks are configured. */
export function viewWatchdog(database: Database, states: readonly CheckState[] | null, nowMs: number): z.infer<typeof Watchdog> {
  const { acted, failed } = actionsSince(database, new Date(nowMs - HOUR_MS).toISOString())
  return {
    checks: states && viewStates(states),
    actionsOfAnHour: { acted, failed, failedRatio: acted === 0 ? null : failed / acted },
    firing: firingAlerts(database, WATCHED),
  }
}

function viewStates(states: readonly CheckState[]): NonNullable<z.infer<typeof Watchdog>['checks']> {
  const named = (fits: (state: CheckState) => boolean): string[] => states.filter(fits).map(({ definition }) => definition.name)
  const times = states.flatMap(({ last }) => last?.at ?? [])
  return {
    passed: named(({ last }) => last?.outcome === 'passed').length,
    failing: named(({ last }) => last?.outcome === 'failed' || last?.outcome === 'timed_out'),
    drifting: named(({ last }) => (last?.drift.length ?? 0) > 0),
    notTried: named(({ last }) => last === undefined || last.outcome === 'skipped'),
    lastAt: times.toSorted().at(-1) ?? null,
    hasBaseline: states.some(({ healthy }) => healthy !== undefined),
  }
}
