/** Owns what the loop takes from the environment; nothing else of the stack or the command line reads it. */
import os from 'node:os'
import path from 'node:path'

/** `$XDG_STATE_HOME/procwarden`, else `~/.local/state/procwarden` (XDG base directory specification). */
export function defaultStateDir(environment: NodeJS.ProcessEnv = process.env): string {
  const base = environment['XDG_STATE_HOME']
  // A relative path there is invalid by the specification, and ignored.
  return path.join(base !== undefined && path.isAbsolute(base) ? base : path.join(os.homedir(), '.local', 'state'), 'procwarden')
}

/** Folders that are searched for programs. */
export function searchPath(environment: NodeJS.ProcessEnv = process.env): readonly string[] {
  return (environment['PATH'] ?? '').split(path.delimiter).filter((directory) => path.isAbsolute(directory))
}
