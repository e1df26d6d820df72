/**
 * Owns a real systemd for tests: process 1 of namespaces of its own, on this machine's files, with a test's units and none of the
 * machine's. Network and files outside of /run are shared.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { afterTest, endProcess, temporaryDirectory } from './temporary.ts'
import { waitFor } from './wait-for.ts'

export interface SystemdMachine {
  /** A command line that runs another one inside. */
  readonly inside: readonly string[]
  systemctl(...args: readonly string[]): string
}

const SYSTEMD = ['/lib/systemd/systemd', '/usr/lib/systemd/systemd'].find((file) => existsSync(file))
const NAMESPACES = ['--pid', '--mount', '--cgroup', '--uts', '--ipc']
const CGROUPS = '/sys/fs/cgroup'
const TARGET = 'test.target'

/** Whether it can be had: systemd is installed, and we may make namespaces and control groups. */
export function mayRunSystemd(): boolean {
  return SYSTEMD !== undefined && process.getuid?.() === 0 && spawnSync('unshare', [...NAMESPACES, '--fork', 'true']).status === 0
}

/** Starts with these units; the ones named are up when it resolves. */
export async function startSystemd(units: Readonly<Record<string, string>>, wanted: readonly string[]): Promise<SystemdMachine> {
  const folder = temporaryDirectory()
  const unitFolder = path.join(folder, 'units')
  for (const name of ['units', 'generators']) mkdirSync(path.join(folder, name))
  for (const [name, text] of Object.entries(units)) writeFileSync(path.join(unitFolder, name), text)
  const requires = wanted.map((name) => `Requires=${name}\nAfter=${name}`).join('\n')
  writeFileSync(path.join(unitFolder, TARGET), `[Unit]\nDefaultDependencies=no\n${requires}\n`)
  const boot = path.join(folder, 'boot.sh')
  writeFileSync(boot, bootScript(folder))
  const homes = cgroupHomes(path.basename(folder))
  for (const home of homes) mkdirSync(home)
  afterTest(async () => {
    await Promise.all(homes.map(removeCgroup))
  })
  const join = homes.map((home) => `echo $$ > ${home}/cgroup.procs`).join('; ')
  const child = spawn('sh', ['-c', `${join}; exec unshare --fork --kill-child ${NAMESPACES.join(' ')} sh ${boot}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  afterTest(() => endProcess(child))
  const pid = await waitFor('a process 1', () => childrenOf(child.pid ?? 0)[0])
  const inside = ['nsenter', '-t', String(pid), '-p', '-m', '-C', '-i', '-u', '--']
  const ask = (...args: readonly string[]) => spawnSync(inside[0] ?? '', [...inside.slice(1), 'systemctl', ...args], { encoding: 'utf8' })
  await waitFor(`systemd to reach its target; it said: ${said}`, () => ask('is-active', TARGET).stdout.trim() === 'active')
  return {
    inside,
    systemctl: (...args) => execFileSync(inside[0] ?? '', [...inside.slice(1), 'systemctl', ...args], { encoding: 'utf8' }),
  }
}

/** It gets /proc, /run and control groups of its own, and reads neither the machine's units nor what generators make of them. */
function bootScript(folder: string): string {
  const isUnified = existsSync(`${CGROUPS}/cgroup.controllers`)
  const mounts = isUnified
    ? `mount -t cgroup2 cgroup2 ${CGROUPS}`
    : `mount -t tmpfs tmpfs ${CGROUPS}
mkdir ${CGROUPS}/systemd ${CGROUPS}/unified
mount -t cgroup -o none,name=systemd cgroup ${CGROUPS}/systemd
mount -t cgroup2 cgroup2 ${CGROUPS}/unified`
  return `set -e
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
umount -l ${CGROUPS}
${mounts}
tr -d - < /proc/sys/kernel/random/uuid > /run/machine-id
mount --bind /run/machine-id /etc/machine-id
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin container=test SYSTEMD_UNIT_PATH=${folder}/units SYSTEMD_GENERATOR_PATH=${folder}/generators \\
  ${SYSTEMD} --system --unit=${TARGET} --log-target=console --log-level=warning
`
}

/** Where its processes are kept, in each of the machine's hierarchies that systemd uses. */
function cgroupHomes(name: string): string[] {
  if (existsSync(`${CGROUPS}/cgroup.controllers`)) return [`${CGROUPS}/${name}`]
  return ['systemd', 'unified']
    .filter((hierarchy) => existsSync(`${CGROUPS}/${hierarchy}`))
    .map((hierarchy) => `${CGROUPS}/${hierarchy}/${name}`)
}

/** Once its processes are gone: groups are removed from the leaves up. */
async function removeCgroup(folder: string): Promise<void> {
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) await removeCgroup(path.join(folder, entry.name))
  await waitFor(`${folder} to be empty`, () => {
    try {
      rmdirSync(folder)
      return true
    } catch {
      return false
    }
  })
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
}
