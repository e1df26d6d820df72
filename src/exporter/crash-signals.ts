/** Owns which signals that end a process mean a fault in it, and their names. Pure. */
import os from 'node:os'

/**
 * The signals that count as crashes: those that mean a fault in the program, i.e. whose default action is to dump core
 * (signal(7)), without SIGQUIT, which a person sends. HUP, INT, TERM and PIPE are orderly ends by the rule of systemd
 * (systemd.service(5), "clean" signals), and KILL is somebody's decision; all of them are in the exits by signal.
 */
const CRASH_SIGNALS: ReadonlySet<string> = new Set([
  'SIGILL',
  'SIGTRAP',
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGSEGV',
  'SIGXCPU',
  'SIGXFSZ',
  'SIGSYS',
])

/** By the name that signalName gives. */
export function isCrash(signal: string): boolean {
  return CRASH_SIGNALS.has(signal)
}

/** `SIGSEGV`; real-time signals, which have no name in Node, as `SIG35`. */
export function signalName(signal: number): string {
  for (const [name, number] of Object.entries(os.constants.signals))
    if (number === signal && name !== 'SIGIOT' && name !== 'SIGPOLL') return name
  return `SIG${signal}`
}
