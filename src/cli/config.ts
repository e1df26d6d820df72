/** Owns the command line's look at the environment. Never decides what is in it. */

/** This process's environment with more in it, for the process that takes its place. */
export function environmentWith(more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { ...process.env, ...more }
}
