/** Owns what an action is meant for: an exact process, or something that has a name only, such as a service that is down. */
import { z } from 'zod'

export const CONFIDENCES = ['low', 'medium', 'high'] as const
/** How sure it is that the target is the culprit. high: the alert or the process itself proves it. */
export type Confidence = (typeof CONFIDENCES)[number]

export const MANAGERS = ['systemd', 'docker', 'pm2', 'command'] as const

/** What restarts a program, and the name it has there: a unit, a container, an application of pm2, or the configured command. */
export const Managed = z.object({ manager: z.enum(MANAGERS), name: z.string() })
export type Managed = z.infer<typeof Managed>

const shared = {
  /** The program; what deny and allow lists and cooldowns speak of. */
  group: z.string(),
  /** One sentence: how it was found to be the culprit. */
  evidence: z.string(),
  /** Incidents of the first release had only targets that were beyond doubt. */
  confidence: z.enum(CONFIDENCES).default('high'),
  /** Where a restart is part of the ladder. */
  managed: Managed.optional(),
}

export const ProcessTarget = z.object({
  kind: z.literal('process').default('process'),
  ...shared,
  pid: z.number(),
  /** Kernel start time in clock ticks since boot: with the boot id and pid, the process's identity. */
  startTicks: z.number(),
  /** Wall-clock start, ISO 8601. */
  startTime: z.string(),
  /** What it runs: the executable's path, or the kernel's name of it where that may not be read. An exec changes it. */
  program: z.string(),
  /** Its real user id; absent where it may not be read. Whose files it writes. */
  uid: z.number().optional(),
})
export type ProcessTarget = z.infer<typeof ProcessTarget>

/** A target without a process: it is down, or it is not a program at all. */
export const NamedTarget = z.object({
  kind: z.enum(['service', 'probe', 'check', 'host', 'folder']),
  ...shared,
  name: z.string(),
  /** Of a folder: whose files they are, and since when they were written, where the writer is known (ISO 8601). */
  uid: z.number().optional(),
  since: z.string().optional(),
})
export type NamedTarget = z.infer<typeof NamedTarget>

export const Target = z.union([NamedTarget, ProcessTarget])
export type Target = z.infer<typeof Target>

/** How a target is named to people: `file-storm.ts (pid 4711)`, `service billing`. */
export function nameOf(target: Pick<ProcessTarget, 'group' | 'pid'> | Pick<NamedTarget, 'kind' | 'name'>): string {
  return 'pid' in target ? `${target.group} (pid ${target.pid})` : `${target.kind} ${target.name}`
}

/** What makes two targets the same one: at most one action runs on each. */
export function targetKeyOf(target: Target): string {
  return target.kind === 'process' ? `process:${target.pid}:${target.startTicks}` : `${target.kind}:${target.name}`
}
