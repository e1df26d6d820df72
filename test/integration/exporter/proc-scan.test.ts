import { spawnSync } from 'node:child_process'
import { accessSync, closeSync, constants, mkdirSync, openSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ProcScanner } from '../../../src/exporter/sources/proc-scan.ts'
import { createWorkerProcessSource } from '../../../src/exporter/sources/worker-process-source.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { createProcfs } from '../../../src/lib/linux/proc-process.ts'
import { afterTest, endProcess, temporaryProcess } from '../../support/temporary.ts'
import { waitFor } from '../../support/wait-for.ts'

function scannerOf(descriptorsMax: number): ProcScanner {
  const scanner = new ProcScanner({ procfs: createProcfs(systemClock()), descriptorsMax })
  afterTest(() => scanner.close())
  return scanner
}

const find = (scanner: ProcScanner, pid: number) => scanner.scan().samples.find((sample) => sample.pid === pid)
const asleep = (pid: number): boolean => readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') S ')
const isWritable = (path: string): boolean => {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}
const ownFds = (): number => readdirSync('/proc/self/fd').length

/** Its last command line that a scan told of. A scan may meet the kernel amid an exec: then it tells of the program again, once more. */
function follow(scanner: ProcScanner, pid: number): { readonly cmdline: () => readonly string[]; readonly told: () => number } {
  let cmdline: readonly string[] = []
  let told = 0
  return {
    cmdline: () => {
      const details = find(scanner, pid)?.details
      if (details !== undefined) told++
      cmdline = details?.cmdline ?? cmdline
      return cmdline
    },
    told: () => told,
  }
}

test.each([0, 4096])('an exec is noticed, once, with %d descriptors kept', async (descriptorsMax) => {
  const scanner = scannerOf(descriptorsMax)
  const child = await temporaryProcess('sh', ['-c', 'read line; exec sleep 1000'], { stdio: ['pipe', 'ignore', 'ignore'] })
  const { cmdline, told } = follow(scanner, child.pid)
  await waitFor('the shell', () => cmdline()[0] === 'sh')
  child.stdin?.write('go\n')
  await waitFor('the exec', () => cmdline()[0] === 'sleep' && asleep(child.pid))
  expect(cmdline()).toEqual(['sleep', '1000'])
  const before = told()
  for (let pass = 0; pass < 30; pass++) expect(cmdline()).toEqual(['sleep', '1000'])
  expect(told()).toBe(before)
})

test('an exec of the same program with other arguments is noticed as well', async () => {
  const scanner = scannerOf(4096)
  const child = await temporaryProcess('sh', ['-c', 'read line; exec sh -c "read other; :" second'], {
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  const { cmdline } = follow(scanner, child.pid)
  await waitFor('the shell', () => cmdline().at(-1)?.startsWith('read line'))
  child.stdin?.write('go\n')
  await waitFor('its successor', () => cmdline().at(-1) === 'second')
  expect(cmdline()).toEqual(['sh', '-c', 'read other; :', 'second'])
})

test('what others change of a process that sleeps is noticed within 96 scans, and what it does itself with the next', async () => {
  const scanner = scannerOf(4096)
  const child = await temporaryProcess('sh', ['-c', 'while read line; do echo "$line" > /dev/null; done'], {
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  await waitFor('it to sleep', () => find(scanner, child.pid) !== undefined && asleep(child.pid))
  const limits: number[] = []
  const scan = () => {
    const sample = find(scanner, child.pid)
    if (sample?.slow?.openFdsMax !== undefined) limits.push(sample.slow.openFdsMax)
    return sample
  }
  for (let pass = 0; pass < 60; pass++) scan()
  const before = scan()
  expect(spawnSync('prlimit', ['--pid', String(child.pid), '--nofile=123:456']).status).toBe(0)
  for (let pass = 0; pass < 96; pass++) scan()
  expect(limits.at(-1)).toBe(123)
  expect(scan()?.io).toEqual(before?.io)
  child.stdin?.write('once\n')
  await waitFor('it to have read and written', () => (scan()?.io?.readOperations ?? 0) > (before?.io?.readOperations ?? Infinity))
})

test('a process that ended but was not buried keeps what it was', async () => {
  const scanner = scannerOf(4096)
  // The shell becomes a sleep that never asks after the child it left behind.
  const parent = await temporaryProcess('sh', ['-c', 'sleep 0.2 & exec sleep 1000'])
  const zombie = await waitFor('a zombie', () => scanner.scan().samples.find(({ ppid, state }) => ppid === parent.pid && state === 'Z'))
  expect(zombie).not.toHaveProperty('openFds')
  expect(zombie.residentBytes).toBe(0)
  expect(find(scanner, zombie.pid)).not.toHaveProperty('details')
})

test('our own figures are true, and the descriptors stay within their budget', () => {
  const before = ownFds()
  const scanner = scannerOf(10)
  // The first pass may come to ourselves before it has come to ten others.
  scanner.scan()
  expect(ownFds() - before).toBe(10)
  const own = find(scanner, process.pid)
  // The listing of /proc/self/fd itself holds one more.
  expect(own?.openFds).toBe(before + 10 - 1)
  const fd = openSync('/dev/null', 'r')
  expect(find(scanner, process.pid)?.openFds).toBe((own?.openFds ?? 0) + 1)
  closeSync(fd)
  expect(own?.io?.readOperations).toBeGreaterThan(0)
  expect((own?.userSeconds ?? 0) + (own?.systemSeconds ?? 0)).toBeGreaterThan(0)
  scanner.close()
  expect(ownFds()).toBe(before)
})

test('start times are true on the wall clock', async () => {
  const beforeMs = Date.now()
  const child = await temporaryProcess('sleep', ['1000'])
  const sample = find(scannerOf(10), child.pid)
  // Start times are whole ticks of 10 ms, the uptime they are counted from has two digits.
  expect((sample?.startTimeSeconds ?? 0) * 1000).toBeGreaterThan(beforeMs - 30)
  expect((sample?.startTimeSeconds ?? 0) * 1000).toBeLessThan(Date.now() + 30)
})

test('a process that ended is gone from the next scan, and its descriptors with it', async () => {
  const scanner = scannerOf(4096)
  const child = await temporaryProcess('sleep', ['1000'])
  expect(find(scanner, child.pid)).toBeDefined()
  await endProcess(child)
  expect(find(scanner, child.pid)).toBeUndefined()
})

test('the worker reads the same, one scan at a time', async () => {
  const source = createWorkerProcessSource({ procfsRoot: '/proc', descriptorsMax: 100 })
  afterTest(() => source.close())
  const [first, shared] = await Promise.all([source.scan(), source.scan()])
  expect(shared).toBe(first)
  expect(first.samples.find(({ pid }) => pid === process.pid)?.details?.uid).toBe(process.getuid?.())
  expect((await source.scan()).samples.find(({ pid }) => pid === process.pid)).not.toHaveProperty('details')
})

test('a /proc that is not there is a clear failure, and the next scan tries again', async () => {
  const source = createWorkerProcessSource({ procfsRoot: '/nowhere', descriptorsMax: 100 })
  afterTest(() => source.close())
  await expect(source.scan()).rejects.toThrow('processes cannot be read: ENOENT')
  await expect(source.scan()).rejects.toThrow('processes cannot be read: ENOENT')
})

/** The soft limit of open files of this very process. */
function limitOpenFiles(count: number): void {
  const { status, stderr } = spawnSync('prlimit', ['--pid', String(process.pid), `--nofile=${count}:`])
  if (status !== 0) throw new Error(String(stderr))
}

test('when others in this process have used up the descriptors, fewer are kept and the results are the same', async () => {
  const children = await Promise.all(Array.from({ length: 20 }, () => temporaryProcess('sleep', ['1000'])))
  const pids = new Set(children.map(({ pid }) => pid))
  await waitFor('their sleep', () => children.every(({ pid }) => asleep(pid)))
  const ofOurs = (scanner: ProcScanner) => scanner.scan().samples.filter(({ pid }) => pids.has(pid))
  const plenty = scannerOf(4096)
  const expected = [ofOurs(plenty), ofOurs(plenty), ofOurs(plenty)]
  plenty.close()
  const before = Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1])
  afterTest(() => limitOpenFiles(before))
  const fillers: number[] = []
  limitOpenFiles(100)
  const scarce = scannerOf(4096)
  // Room for 15 more, of the 50 that the scanner allows itself.
  while (ownFds() < 85) fillers.push(openSync('/dev/null', 'r'))
  const found = [ofOurs(scarce), ofOurs(scarce), ofOurs(scarce)]
  expect(ownFds()).toBeLessThan(100)
  for (const fd of fillers) closeSync(fd)
  const lasting = (samples: typeof found) =>
    samples.map((scan) => scan.map((sample) => ({ ...sample, slow: undefined, startTimeSeconds: 0 })))
  expect(lasting(found)).toEqual(lasting(expected))
  scarce.close()
})

/** Of version 2, or of a hierarchy of version 1. */
const cgroups = ['', '/systemd', '/pids', '/cpu'].map((name) => `/sys/fs/cgroup${name}`).find((path) => isWritable(`${path}/cgroup.procs`))

test.runIf(cgroups)('a process that is put into another cgroup is seen there', async () => {
  const cgroup = `${cgroups}/procwarden-test-${process.pid}.service`
  mkdirSync(cgroup)
  afterTest(() => rmdirSync(cgroup))
  const child = await temporaryProcess('sleep', ['1000'])
  const scanner = scannerOf(4096)
  let unit: string | undefined
  const look = (): string | undefined => (unit = find(scanner, child.pid)?.details?.unit ?? unit)
  for (let pass = 0; pass < 30; pass++) look()
  expect(unit).toBeUndefined()
  writeFileSync(`${cgroup}/cgroup.procs`, String(child.pid))
  // A process that sleeps is asked again in one of 96 passes.
  for (let pass = 0; pass < 96; pass++) look()
  expect(unit).toBe(`procwarden-test-${process.pid}.service`)
  await endProcess(child)
})
