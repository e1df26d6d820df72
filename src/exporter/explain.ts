/** Owns telling a person how the exporter sees one process: its group, which rule named it, its category and where it runs. */
import { systemClock } from '../lib/clock.ts'
import { UsageError } from '../lib/errors.ts'
import { createClassifier, type CategoryRule } from '../lib/groups/category.ts'
import { loadCategories } from '../lib/groups/category-rules.ts'
import { explainGroupName } from '../lib/groups/group-name.ts'
import { createProcfs, readProcessIdentity, type Procfs } from '../lib/linux/proc-process.ts'
import { printable } from '../lib/log.ts'
import { loadExporterSettings } from './config.ts'
import type { ExporterSettings } from './settings.ts'
import { createUserNames } from './sources/user-names.ts'

export interface ExplainOptions {
  readonly procfs: Procfs
  readonly userName: (uid: number) => string
  readonly categories: readonly CategoryRule[]
}

/** explainPid with the configuration of that file. Throws UsageError with every fault of it. */
export function explainProcess(pid: number, options: { readonly configFile: string | undefined; readonly procfs: string }): string {
  const { configFile } = options
  const userNames = createUserNames()
  userNames.refresh()
  return explainPid(pid, loadExporterSettings(configFile === undefined ? {} : { configFile }), {
    procfs: createProcfs(systemClock(), options.procfs),
    userName: (uid) => userNames.nameOf(uid),
    categories: loadCategories(),
  })
}

/** Lines of text. Throws UsageError when there is no such process. */
export function explainPid(pid: number, settings: Pick<ExporterSettings, 'processes'>, options: ExplainOptions): string {
  const identity = readProcessIdentity(pid, options.procfs)
  if (identity === undefined) throw new UsageError(`there is no process ${pid} (or it is hidden from this user)`)
  const { comm, exe, cmdline, uid, unit, container, isKernelThread } = identity
  const user = uid === undefined ? undefined : options.userName(uid)
  const { matchers } = settings.processes
  const naming = explainGroupName({ comm, exe, cmdline, isKernelThread, user, unit, container }, matchers)
  const matcher = naming.matcherIndex === undefined ? undefined : matchers[naming.matcherIndex]
  const category = createClassifier(options.categories)({ group: naming.name, exe, unit, user, isKernelThread })
  const rows: ReadonlyArray<readonly [string, string | undefined]> = [
    ['process', `${pid} (${comm})`],
    ['group', naming.name],
    ['why', naming.why],
    ['matcher', matcher?.name],
    ['category', category === undefined ? 'none' : `${category.category} (confidence ${category.confidence})`],
    ['executable', exe ?? (isKernelThread ? 'none: a thread of the kernel' : 'may not be read')],
    ['command', cmdline.join(' ') || undefined],
    ['user', user],
    ['unit', unit],
    ['container', container],
  ]
  return rows.flatMap(([name, value]) => (value === undefined ? [] : [`${`${name}:`.padEnd(12)}${printable(value)}\n`])).join('')
}
