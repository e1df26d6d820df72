/** Owns the list of dashboards that are shipped. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { anomalies } from './anomalies.ts'
import { files } from './files.ts'
import { fleet } from './fleet.ts'
import { group } from './group.ts'
import { host } from './host.ts'
import { remediation } from './remediation.ts'
import { stack } from './stack.ts'

export function allBoards(): Dashboard[] {
  return [fleet(), anomalies(), host(), group(), files(), remediation(), stack()]
}
