/**
 * Owns a fresh Debian 12 to install things into: made by debootstrap once, kept as an archive in the cache, unpacked for each test file.
 * Everything that runs in it has mount and process namespaces of its own, so that no mount and no process can be left behind.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, renameSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { aptIsPresent, unpackFromApt } from '../../scripts/setup/apt.mjs'
import { cacheDir } from '../../scripts/tools.mjs'

const SUITE = 'bookworm'
const BOOTSTRAP_TIMEOUT_MS = 8 * 60_000
const COMMAND_TIMEOUT_MS = 5 * 60_000
/**
 * The first process of the namespaces, with which all of them end. It stays who it is: who changes their user is not told any more that
 * unshare has ended (PR_SET_PDEATHSIG of prctl(2)).
 */
const STAYING = ['sh', '-c', '"$@" & wait $!', 'sh']
const PRIVATE = ['--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child']

export interface DebianChroot {
  readonly root: string
  /** Runs a command in it; throws with all it said when it fails. */
  run(command: readonly string[]): string
  /** Starts one; ends, whatever it has become, with the returned process. */
  start(command: readonly string[], env: Readonly<Record<string, string>>): ChildProcess
  remove(): void
}

/** Why there can be none on this machine, in a sentence; undefined when there can. */
export function whyNoChroot(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'a chroot takes root'
  if (!aptIsPresent(process.env)) return 'this machine has no apt-get and dpkg-deb'
  if (spawnSync('unshare', [...PRIVATE, 'true']).status !== 0) return 'this machine lets nobody make namespaces (unshare)'
  if (!existsSync(archiveFile()) && mirror() === undefined)
    return `apt on this machine knows no mirror with Debian ${SUITE}, and no earlier archive is in the cache`
  return undefined
}

export async function unpackChroot(): Promise<DebianChroot> {
  const archive = archiveFile()
  if (!existsSync(archive)) await makeArchive(archive)
  const root = mkdtempSync(path.join(os.tmpdir(), 'procwarden-chroot-'))
  mustRun('tar', ['--extract', '--numeric-owner', '--file', archive, '--directory', root])
  const inside = (command: readonly string[]): string[] => [...PRIVATE, `--mount-proc=${root}/proc`, 'chroot', root, ...command]
  return {
    root,
    run: (command) => mustRun('unshare', inside(command), { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8' }),
    start: (command, env) => spawn('unshare', inside([...STAYING, ...command]), { env, stdio: ['ignore', 'pipe', 'pipe'] }),
    remove: () => rmSync(root, { recursive: true, force: true, maxRetries: 5 }),
  }
}

/** Everything in it that an installation could leave behind, each with its owner, its mode and, below /etc, its content. */
export function inventory(root: string): string[] {
  const lines: string[] = []
  const walk = (folder: string): void => {
    for (const name of readdirSync(path.join(root, folder)).toSorted()) {
      const file = path.join(folder, name)
      if (KEPT_BY_OTHERS.test(file)) continue
      const stats = lstatSync(path.join(root, file))
      const content = stats.isSymbolicLink()
        ? readlinkSync(path.join(root, file))
        : stats.isFile() && file.startsWith('etc/')
          ? sum(root, file)
          : ''
      lines.push(`${file} ${stats.mode.toString(8)} ${stats.uid}:${stats.gid} ${content}`.trimEnd())
      if (stats.isDirectory()) walk(file)
    }
  }
  walk('')
  return lines
}

/** Logs and former versions of their own files that dpkg and the programs for users keep, whatever is installed. */
const KEPT_BY_OTHERS =
  /^(?:var\/log|var\/cache|proc|sys|dev|tmp)\/|^var\/lib\/dpkg\/(?:[a-z]+-old|lock.*|triggers\/Lock)$|^etc\/(?:passwd|group|shadow|gshadow|subuid|subgid)-$|^etc\/[.]pwd[.]lock$/

function sum(root: string, file: string): string {
  return createHash('sha256')
    .update(readFileSync(path.join(root, file)))
    .digest('hex')
}

async function makeArchive(archive: string): Promise<void> {
  const work = mkdtempSync(path.join(os.tmpdir(), 'procwarden-bootstrap-'))
  try {
    const { program, folder } = await findDebootstrap(work)
    const root = path.join(work, 'root')
    const from = mirror()
    if (from === undefined) throw new Error('asked before: whyNoChroot')
    const environment = { DEBOOTSTRAP_DIR: folder, PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' }
    // It mounts /proc and more in there.
    mustRun('unshare', [...PRIVATE, program, '--variant=minbase', SUITE, root, from], environment, BOOTSTRAP_TIMEOUT_MS)
    rmSync(path.join(root, 'var/cache/apt'), { recursive: true, force: true })
    rmSync(path.join(root, 'var/lib/apt/lists'), { recursive: true, force: true })
    mkdirSync(path.dirname(archive), { recursive: true })
    const unfinished = `${archive}.${process.pid}`
    mustRun('tar', ['--create', '--numeric-owner', '--file', unfinished, '--directory', root, '.'])
    renameSync(unfinished, archive)
  } finally {
    rmSync(work, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** The machine's own, else Debian's package of it, unpacked and not installed. */
async function findDebootstrap(work: string): Promise<{ readonly program: string; readonly folder: string }> {
  if (existsSync('/usr/sbin/debootstrap')) return { program: '/usr/sbin/debootstrap', folder: '/usr/share/debootstrap' }
  const context = { env: process.env, signal: AbortSignal.timeout(BOOTSTRAP_TIMEOUT_MS) }
  const { ok, output } = await unpackFromApt(context, work, ['debootstrap'])
  if (!ok) throw new Error(`debootstrap could not be had from Debian: ${output}`)
  return { program: path.join(work, 'unpacked/usr/sbin/debootstrap'), folder: path.join(work, 'unpacked/usr/share/debootstrap') }
}

/** Where apt on this machine has Debian from: never an address of ours. */
function mirror(): string | undefined {
  const { stdout } = spawnSync('apt-get', ['indextargets', '--format', '$(RELEASE) $(COMPONENT) $(REPO_URI)', 'Created-By: Packages'], {
    encoding: 'utf8',
  })
  return stdout
    .split('\n')
    .find((line) => line.startsWith(`${SUITE} main `))
    ?.split(' ')[2]
}

function archiveFile(): string {
  return path.join(cacheDir(), 'chroot', `debian-${SUITE}-${process.arch}.tar`)
}

function mustRun(command: string, args: readonly string[], env?: Readonly<Record<string, string>>, timeout = COMMAND_TIMEOUT_MS): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    env,
    timeout,
    killSignal: 'SIGKILL',
    maxBuffer: 50_000_000,
  })
  if (status === 0) return stdout
  throw new Error(`${command} ${args.join(' ')} failed (${error?.message ?? status}):\n${stdout}${stderr}`)
}
