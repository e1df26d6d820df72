/** Owns finding the session buses of people who are logged in to this machine (pam_systemd(8): /run/user/UID/bus). */
import { readFileSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'

export interface SessionBus {
  readonly uid: number
  readonly gid: number
  /** XDG_RUNTIME_DIR of that user. */
  readonly directory: string
  readonly address: string
}

export interface SessionBusOptions {
  /** /run/user. */
  readonly runtimeRoot: string
  /** /etc/passwd. */
  readonly passwdFile: string
  /** Names; when empty, everybody. */
  readonly users: readonly string[]
  /** Who we are: nobody but root may speak for others. */
  readonly ownUid: number
}

/** A machine with more people at its desktop than that has other worries. */
const BUSES_MAX = 32

export function findSessionBuses({ runtimeRoot, passwdFile, users, ownUid }: SessionBusOptions): SessionBus[] {
  const wanted = users.length === 0 ? undefined : new Set(uidsOf(users, passwdFile))
  return directoriesIn(runtimeRoot)
    .filter((name) => /^\d{1,10}$/.test(name))
    .map((name) => path.join(runtimeRoot, name))
    .flatMap(busIn)
    .filter(({ uid }) => (wanted === undefined || wanted.has(uid)) && (ownUid === 0 || uid === ownUid))
    .slice(0, BUSES_MAX)
}

/** The folder's owner is the one whose bus it is: what its name says, anybody might have written. */
function busIn(directory: string): SessionBus[] {
  try {
    const { uid, gid } = statSync(directory)
    const socket = path.join(directory, 'bus')
    return statSync(socket).isSocket() ? [{ uid, gid, directory, address: `unix:path=${socket}` }] : []
  } catch {
    return []
  }
}

function directoriesIn(root: string): string[] {
  try {
    return readdirSync(root)
  } catch {
    return []
  }
}

/** passwd(5). Users of a directory service have no line there: then their names find nobody. */
function uidsOf(users: readonly string[], passwdFile: string): number[] {
  try {
    const lines = readFileSync(passwdFile, 'utf8').split('\n')
    return lines
      .map((line) => line.split(':'))
      .flatMap(([name = '', , uid = '']) => (users.includes(name) && /^\d+$/.test(uid) ? [Number(uid)] : []))
  } catch {
    return []
  }
}
