/** Owns making what several stages and actions need: the never-list, handles on processes, the service managers. */
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { createClassifier } from '../lib/groups/category.ts'
import { loadCategories } from '../lib/groups/category-rules.ts'
import { groupNameOf } from '../lib/groups/group-name.ts'
import { loadLibc } from '../lib/linux/libc.ts'
import { createPidfds } from '../lib/linux/pidfd.ts'
import { readProcessDetails, readProcessIdentity, readStat, type ProcessIdentity } from '../lib/linux/proc-process.ts'
import { isSingleFile } from '../lib/single-file.ts'
import { createHolder } from './actions/held-processes.ts'
import { createAdvisorDesk } from './advisor/create-desk.ts'
import { createCheckKeeper } from './checks/create-keeper.ts'
import type { RemediatorSettings } from './config.ts'
import { createPrometheus } from './prometheus.ts'
import { createDocker } from './services/docker.ts'
import { createPm2 } from './services/pm2.ts'
import { createSystemd } from './services/systemd.ts'
import { createTool, firstInstalled } from './services/tool.ts'
import { createPolicies } from './stages/match-policy.ts'
import { createNeverList } from './suspects/never-list.ts'
import { createFindMembers } from './suspects/group-members.ts'
import type { Foundation, Parts } from './foundation.ts'

/** For systemctl and pm2, which answer at once; docker restart waits for the container to stop. */
const TOOL_TIMEOUT_MS = 30_000
const DOCKER_TIMEOUT_MS = 120_000

/** As the exporter names groups where its configuration says nothing else. */
export const groupOf = (identity: ProcessIdentity): string => groupNameOf(identity)

export function createParts(settings: RemediatorSettings, foundation: Foundation): Parts {
  const { config, peers, commandEnvironment } = settings
  const { options, procfs } = foundation
  const { unit, container } = readProcessDetails(process.pid, procfs)
  const own = { ...(unit === undefined ? {} : { unit }), ...(container === undefined ? {} : { container }) }
  const neverList = createNeverList({
    ownPid: process.pid,
    ownTrees: options.neverTrees ?? [],
    ownProgram: isSingleFile() ? process.execPath : fileURLToPath(new URL(`../cli/main${path.extname(import.meta.url)}`, import.meta.url)),
    parentOf: (pid) => readStat(pid, procfs)?.ppid,
    own,
  })
  const tool = (program: string, timeoutMs: number): ReturnType<typeof createTool> => createTool(program, commandEnvironment, timeoutMs)
  const policies = createPolicies(config.policies, config.mode)
  const prometheus = peers.prometheus && createPrometheus(peers.prometheus)
  return {
    own,
    findMembers: createFindMembers(procfs, groupOf, prometheus),
    neverList,
    knownWriter: createKnownWriter(),
    policies,
    prometheus,
    checks: createCheckKeeper(settings, foundation, prometheus),
    advisor: createAdvisorDesk(settings, foundation, prometheus, policies),
    // Bound when first needed: where the kernel has no pidfds, only an action fails, not the start.
    holder: createHolder(() => createPidfds(loadLibc()), procfs),
    managers: {
      systemd: createSystemd(tool('systemctl', TOOL_TIMEOUT_MS), procfs),
      docker: createDocker(firstInstalled([tool('docker', DOCKER_TIMEOUT_MS), tool('podman', DOCKER_TIMEOUT_MS)])),
      pm2: createPm2(tool('pm2', TOOL_TIMEOUT_MS)),
    },
    mayTouch: ({ pid }) => {
      const identity = readProcessIdentity(pid, procfs)
      if (identity === undefined || neverList.reasonAgainst(identity) !== undefined) return false
      const group = groupNameOf(identity)
      return !config.deny.groups.includes(group)
    },
  }
}

/** As the rules read the categories: a shell may be anything. */
function createKnownWriter(): Parts['knownWriter'] {
  const classify = createClassifier(loadCategories())
  return ({ exe, unit, isKernelThread = false }, group) => {
    const category = classify({ group, exe, unit, isKernelThread })?.category
    return category === 'shell' ? undefined : category
  }
}
