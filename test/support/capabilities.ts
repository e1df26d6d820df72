/** Owns running a command as a user without privileges would: as root, everything that root can do beyond others is dropped. */

/** The command and its arguments, prefixed by util-linux's setpriv when this is root. */
export function withoutCapabilities(command: string, args: readonly string[]): [string, string[]] {
  if (process.getuid?.() !== 0) return [command, [...args]]
  return ['setpriv', ['--bounding-set', '-all', '--inh-caps', '-all', '--', command, ...args]]
}
