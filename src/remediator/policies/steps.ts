/** Owns the schema of one step of a policy's ladder: an action and its settings. A bare name is an action with its defaults. */
import { z } from 'zod'
import { ACTIONS } from '../model.ts'

export const ARGUMENTS_MAX = 64
const ARGUMENT_LENGTH_MAX = 4_096

/** A program and its arguments; no shell ever reads them. */
export const CommandLine = z
  .array(z.string().max(ARGUMENT_LENGTH_MAX))
  .min(1, 'a command is a list: the program, then its arguments')
  .max(ARGUMENTS_MAX)
  .refine(([program]) => program !== undefined && program !== '' && !/\s/.test(program), {
    message: 'the first entry is the program alone; its arguments are entries of their own, and no shell reads them',
  })

export const AbsolutePath = z
  .string()
  .refine((text) => text.startsWith('/') && !text.includes('\0') && !text.split('/').includes('..'), 'an absolute path without ".."')

/** The step joins in only from this attempt on: what is bolder comes after what was gentle and did not help. */
const fromAttempt = z.number().int().min(1).max(10).default(1)

const Kill = z.strictObject({
  action: z.literal('kill'),
  /** Between TERM and KILL; the policy's when left out. */
  grace_seconds: z.number().min(0).max(300).optional(),
  /** Its descendants too: all are frozen from the top down first, then killed. */
  tree: z.boolean().default(false),
  from_attempt: fromAttempt,
})
const Freeze = z.strictObject({ action: z.literal('freeze'), tree: z.boolean().default(false), from_attempt: fromAttempt })
const Thaw = z.strictObject({ action: z.literal('thaw'), from_attempt: fromAttempt })

export const RESTART_MANAGERS = ['auto', 'systemd', 'docker', 'pm2', 'command'] as const
const Restart = z
  .strictObject({
    action: z.literal('restart'),
    /** auto: the one that the group's processes run under. */
    manager: z.enum(RESTART_MANAGERS).default('auto'),
    unit: z
      .string()
      .regex(/^[\w@:.\\-]{1,240}\.(?:service|socket|target|scope)$/, 'a unit, such as nginx.service')
      .optional(),
    container: z
      .string()
      .regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/, "a container's name or id")
      .optional(),
    command: CommandLine.optional(),
    /** Not up by then: the restart has failed. */
    up_within_seconds: z.number().min(1).max(600).default(30),
    /** It must stay up for so long before it counts as up. */
    settle_seconds: z.number().min(0).max(60).default(2),
    from_attempt: fromAttempt,
  })
  .superRefine((step, context) => {
    if (step.manager === 'command' && step.command === undefined)
      context.addIssue({ code: 'custom', path: ['command'], message: 'the manager is command: say which' })
    if (step.unit !== undefined && step.manager !== 'auto' && step.manager !== 'systemd')
      context.addIssue({ code: 'custom', path: ['unit'], message: `a unit has no meaning for the manager ${step.manager}` })
    if (step.container !== undefined && step.manager !== 'auto' && step.manager !== 'docker')
      context.addIssue({ code: 'custom', path: ['container'], message: `a container has no meaning for the manager ${step.manager}` })
  })

const Quarantine = z.strictObject({
  action: z.literal('quarantine'),
  /** Folders that files may be taken from; the folder must be in or below one. Left out: the alert's folder itself. */
  below: z.array(AbsolutePath).min(1).optional(),
  files_max: z.number().int().min(1).max(10_000_000).default(100_000),
  /** Kept for so long; then they are removed for good. */
  retention_days: z.number().min(1).max(3_650).default(30),
  /** Only copies: of all files of the storm with one content the oldest stays. */
  duplicates_only: z.boolean().default(false),
  from_attempt: fromAttempt,
})
const Reap = z.strictObject({
  action: z.literal('reap'),
  wait_seconds: z.number().min(0).max(60).default(5),
  /** When the parent does not collect its dead children: restart it, through its own manager. */
  restart_parent: z.boolean().default(false),
  from_attempt: fromAttempt,
})
const CommandStep = z.strictObject({
  action: z.literal('command'),
  argv: CommandLine,
  timeout_seconds: z.number().min(0.1).max(3_600).default(60),
  /** What it prints beyond this is cut off. */
  output_bytes_max: z.number().int().min(0).max(10_485_760).default(65_536),
  from_attempt: fromAttempt,
})
const Notify = z.strictObject({ action: z.literal('notify'), from_attempt: fromAttempt })

const STEPS = {
  kill: Kill,
  freeze: Freeze,
  thaw: Thaw,
  restart: Restart,
  quarantine: Quarantine,
  reap: Reap,
  command: CommandStep,
  notify: Notify,
}

const StepObject = z.discriminatedUnion('action', [Kill, Freeze, Thaw, Restart, Quarantine, Reap, CommandStep, Notify], {
  error: `an action is one of ${ACTIONS.join(', ')}, by its name or as {action: NAME, ...}`,
})

/** Written as `kill`, or as `{action: kill, tree: true}`. */
export const Step = z.preprocess((value) => (typeof value === 'string' ? { action: value } : value), StepObject)
export type Step = z.infer<typeof Step>
/** What a file may hold, for editors: they see what is written and not what is made of it. */
export const WrittenStep = z.union([z.enum(ACTIONS.filter((name) => Step.safeParse(name).success)), StepObject])
export type StepOf<Name extends keyof typeof STEPS> = z.infer<(typeof STEPS)[Name]>
