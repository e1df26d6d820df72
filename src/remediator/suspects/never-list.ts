/** Owns the list of processes that are never touched. It is built in: no configuration can shorten it. */
import path from 'node:path'
import type { ProcessIdentity } from '../../lib/linux/proc-process.ts'
import type { Managed } from '../target.ts'

/** Without these nobody can log in, the machine stops, or nobody notices the next fault. */
const NEVER_PROGRAMS = new Set([
  'init',
  'systemd',
  'systemd-journald',
  'systemd-logind',
  'systemd-udevd',
  'systemd-networkd',
  'systemd-resolved',
  'sshd',
  'sshd-session',
  'sshd-auth',
  'dbus-daemon',
  'dbus-broker',
  'dbus-broker-launch',
  'prometheus',
  'prometheus-alertmanager',
  'alertmanager',
  'grafana',
  'grafana-server',
  'procwarden',
  'procwarden-exporter',
  'procwarden-remediator',
])

/** Units that carry such programs, or everything: a restart of one is as good as a kill. */
const NEVER_UNITS =
  /^(?:ssh|sshd|ssh@.*|sshd@.*|dbus|dbus-broker|systemd-.*|prometheus.*|alertmanager.*|grafana.*|procwarden.*|user@\d+|user-runtime-dir@\d+|getty@.*|polkit)\.(?:service|socket|target|scope)$|^(?:init|session-.*)\.scope$|^[\w-]+\.target$/

/** The kernel cuts a process name to 15 bytes (proc_pid_comm(5)). */
const COMM_LENGTH_MAX = 15
const NEVER_COMMS = new Set([...NEVER_PROGRAMS].map((name) => name.slice(0, COMM_LENGTH_MAX)))
/** Deeper than any real process tree; ends a walk over a table that changes underneath. */
const ANCESTORS_MAX = 128

export interface NeverList {
  /** Why this process is never touched, as a phrase, or undefined when it may be. */
  reasonAgainst(identity: ProcessIdentity): string | undefined
  /** The same for a program that has no process now. */
  reasonAgainstProgram(name: string): string | undefined
  /** The same for what a restart would be of. */
  reasonAgainstManaged(managed: Managed): string | undefined
}

export interface NeverListOptions {
  readonly ownPid: number
  /** Roots of process trees of our own stack. */
  readonly ownTrees: readonly number[]
  /** The file that procwarden's own parts run. */
  readonly ownProgram: string
  /** The unit and container that procwarden runs in. */
  readonly own: { readonly unit?: string; readonly container?: string }
  /** The parent's pid, or undefined when the process is gone. */
  readonly parentOf: (pid: number) => number | undefined
}

export function createNeverList(options: NeverListOptions): NeverList {
  return {
    reasonAgainst: (identity) => {
      const { pid } = identity
      if (pid === 1) return 'it is pid 1'
      if (identity.isKernelThread || pid === 2) return 'it is a kernel thread'
      if (pid === options.ownPid) return 'it is procwarden itself'
      if (ancestorsOf(options.ownPid, options.parentOf).includes(pid)) return 'procwarden runs below it'
      const ownTree = [pid, ...ancestorsOf(pid, options.parentOf)].find((ancestor) => options.ownTrees.includes(ancestor))
      if (ownTree !== undefined || identity.cmdline.slice(0, 4).includes(options.ownProgram)) return "it is part of procwarden's own stack"
      const program = protectedName(identity)
      return program === undefined ? undefined : `${program} is a program that is never touched`
    },
    reasonAgainstProgram: (name) =>
      NEVER_PROGRAMS.has(path.basename(name)) || NEVER_COMMS.has(name) ? `${name} is a program that is never touched` : undefined,
    reasonAgainstManaged: ({ manager, name }) => {
      if (manager === 'systemd' && (NEVER_UNITS.test(name) || name === options.own.unit)) return `${name} is a unit that is never touched`
      const own = options.own.container
      if (manager === 'docker' && own !== undefined && (name.startsWith(own) || own.startsWith(name)))
        return 'procwarden runs in this container'
      return undefined
    },
  }
}

/** Either the executable or the name the process shows is enough: in doubt it is left alone. */
function protectedName(identity: ProcessIdentity): string | undefined {
  const program = identity.exe === undefined ? undefined : path.basename(identity.exe)
  if (program !== undefined && NEVER_PROGRAMS.has(program)) return program
  return NEVER_COMMS.has(identity.comm) ? identity.comm : undefined
}

function ancestorsOf(pid: number, parentOf: (pid: number) => number | undefined): number[] {
  const ancestors: number[] = []
  for (let parent = parentOf(pid); parent !== undefined && parent > 0 && ancestors.length < ANCESTORS_MAX; parent = parentOf(parent))
    ancestors.push(parent)
  return ancestors
}
