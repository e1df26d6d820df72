/** Owns the names of users by their number, from /etc/passwd. Never asks the network (NSS, LDAP). */
import { readFileSync, statSync } from 'node:fs'

export interface UserNames {
  /** The name, or the number itself where there is none. */
  nameOf(uid: number): string
}

/** Reads the file again when it has changed, looked at no more often than `refresh` is called. */
export function createUserNames(path = '/etc/passwd'): UserNames & { refresh(): void } {
  let names: ReadonlyMap<number, string> = new Map()
  let readAtMs = -1
  return {
    nameOf: (uid) => names.get(uid) ?? String(uid),
    refresh: () => {
      const changedMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs
      if (changedMs === undefined || changedMs === readAtMs) return
      names = parsePasswd(readFileSync(path, 'utf8'))
      readAtMs = changedMs
    },
  }
}

/** passwd(5): name:password:uid:...; the first entry of a number counts. */
export function parsePasswd(text: string): Map<number, string> {
  const names = new Map<number, string>()
  for (const line of text.split('\n')) {
    const [name, , uid] = line.split(':')
    if (name !== undefined && name !== '' && uid !== undefined && /^\d+$/.test(uid) && !names.has(Number(uid))) names.set(Number(uid), name)
  }
  return names
}
