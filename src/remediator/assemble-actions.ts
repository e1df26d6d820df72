/** Owns making the actions, one for each name that a ladder may hold. */
import { createCommand } from './actions/command.ts'
import { createFreeze, createThaw } from './actions/freeze.ts'
import { createKill } from './actions/kill.ts'
import { createNotify } from './actions/notify.ts'
import { createQuarantine } from './actions/quarantine.ts'
import { createReap } from './actions/reap.ts'
import { createRestart } from './actions/restart.ts'
import type { Action, ActionRequest } from './actions/action.ts'
import type { RemediatorSettings } from './config.ts'
import type { ActionName } from './model.ts'
import { promqlString, type Prometheus } from './prometheus.ts'
import { auditEntriesOf } from './store/audit-entries.ts'
import type { Database } from './store/database.ts'
import type { Foundation, Parts } from './foundation.ts'

export function createActions(settings: RemediatorSettings, foundation: Foundation, parts: Parts): Readonly<Record<ActionName, Action>> {
  const { commandEnvironment: environment } = settings
  const { options, clock, procfs, database } = foundation
  const { holder, mayTouch, managers, prometheus, findMembers } = parts
  const sleep = (ms: number, signal: AbortSignal): Promise<void> => clock.sleep(ms, signal)
  const freezing = freezingWith(foundation, parts)
  const restart = createRestart({ managers, procfs, findMembers, environment, sleep })
  return {
    kill: createKill({ holder, procfs, mayTouch, sleep, wasSignalled: (incident, sinceMs) => wasSignalled(database, incident, sinceMs) }),
    freeze: createFreeze(freezing),
    thaw: createThaw(freezing),
    restart,
    quarantine: createQuarantine({
      database,
      procfs,
      nowMs: () => clock.nowMs(),
      stateDir: options.stateDir,
      stormFolders: (request) => stormFolders(request, prometheus),
    }),
    reap: createReap({ holder, procfs, sleep, restart }),
    command: createCommand({ environment }),
    notify: createNotify(),
  }
}

/** What freezing and thawing work with, as actions and while a person is asked. */
export function freezingWith({ clock, procfs, database }: Foundation, { holder, mayTouch }: Parts) {
  return {
    holder,
    procfs,
    mayTouch,
    database,
    boot: () => clock.boot(),
    nowMs: () => clock.nowMs(),
    sleep: (ms: number) => clock.sleep(ms),
  }
}

function wasSignalled(database: Database, incident: string, sinceMs: number): boolean {
  return auditEntriesOf(database, incident).some((entry) => entry.event === 'signal.sent' && Date.parse(entry.at) >= sinceMs)
}

/** Where storms are reported on the same machine right now, the deepest folders first. */
async function stormFolders({ incident }: ActionRequest, prometheus: Prometheus | undefined): Promise<readonly string[]> {
  const { instance } = incident.labels
  const host = instance === undefined ? '' : `,instance=${promqlString(instance)}`
  try {
    const alerts = (await prometheus?.query(`ALERTS{alertname="FileCreationStorm",alertstate="firing"${host}}`)) ?? []
    const folders = new Set(alerts.flatMap((alert) => alert.labels['directory'] ?? []))
    return [...folders].toSorted((a, b) => b.length - a.length)
  } catch {
    return []
  }
}
