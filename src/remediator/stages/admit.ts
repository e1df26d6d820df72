/** Owns the first question: is this alert still ours to handle? Refuses resolved alerts and those of other hosts. */
import os from 'node:os'
import type { Clock } from '../../lib/clock.ts'
import { isLoopback } from '../../lib/http.ts'
import { end, next, refuse, type Stage } from '../stage.ts'
import type { Database } from '../store/database.ts'
import { isSynthetic } from '../synthetic.ts'
import { cancelledWhenResolved } from './still-wanted.ts'

export interface AdmitOptions {
  /** Values of `instance` that mean this host, with or without port; when empty, this host's own names and addresses. */
  readonly instances: readonly string[]
  /** Whether only this machine can reach the webhook: then an alert without an instance is about this machine. */
  readonly webhookIsLocal: boolean
  readonly database: Database
  readonly clock: Clock
}

export function admit(options: AdmitOptions): Stage {
  const isThisHost = instanceMatcher(options)
  return {
    name: 'admit',
    deadlineMs: 5_000,
    run: async (subject) => {
      const { incident } = subject
      const cancelled = cancelledWhenResolved(subject, incident.resolvedAt, options)
      if (cancelled) return cancelled
      const instance = incident.labels['instance']
      if (!isThisHost(instance))
        return refuse(subject, 'not_this_host', `The alert is about ${instance ?? 'an unnamed host'}, not about this one.`)
      if (isSynthetic(incident)) {
        return end(subject, {
          event: 'notified',
          text: 'The synthetic alert has arrived; nothing is done about it.',
          status: 'done',
          decision: 'notify',
          reason: 'none',
          outcome: 'notified',
          action: 'notify',
        })
      }
      return next(subject)
    },
  }
}

function instanceMatcher(options: Pick<AdmitOptions, 'instances' | 'webhookIsLocal'>): (instance: string | undefined) => boolean {
  const configured = new Set(options.instances.flatMap((instance) => [instance, withoutPort(instance)]))
  const own = new Set([
    os.hostname(),
    ...Object.values(os.networkInterfaces()).flatMap((addresses) => (addresses ?? []).map((address) => address.address)),
  ])
  return (instance) => {
    if (instance === undefined || instance === '') return options.webhookIsLocal
    if (configured.has(instance) || configured.has(withoutPort(instance))) return true
    if (configured.size > 0) return false
    return isLoopback(withoutPort(instance)) || own.has(withoutPort(instance))
  }
}

function withoutPort(instance: string): string {
  return instance.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
}
