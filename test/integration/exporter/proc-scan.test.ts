import { closeSync, openSync, readdirSync } from 'node:fs'
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
const ownFds = (): number => readdirSync('/proc/self/fd').length

test.each([0, 4096])('an exec is noticed, once, with %d descriptors kept', async (descriptorsMax) => {
  const scanner = scannerOf(descriptorsMax)
  const child = await temporaryProcess('sh', ['-c', 'read line; exec sleep 1000'], { stdio: ['pipe', 'ignore', 'ignore'] })
  await waitFor('the shell', () => find(scanner, child.pid)?.comm === 'sh')
  expect(find(scanner, child.pid)).not.toHaveProperty('details')
  child.stdin?.write('go\n')
  const sample = await waitFor('the exec', () => {
    const one = find(scanner, child.pid)
    return one?.details?.cmdline[0] === 'sleep' && one
  })
  expect(sample.details?.cmdline).toEqual(['sleep', '1000'])
  expect(find(scanner, child.pid)).not.toHaveProperty('details')
})

test('an exec of the same program with other arguments is noticed as well', async () => {
  const scanner = scannerOf(4096)
  const child = await temporaryProcess('sh', ['-c', 'read line; exec sh -c "read other; :" second'], {
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  await waitFor('the shell', () => find(scanner, child.pid) !== undefined)
  child.stdin?.write('go\n')
  const details = await waitFor('its successor', () => find(scanner, child.pid)?.details)
  expect(details.cmdline.at(-1)).toBe('second')
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
  const own = find(scanner, process.pid)
  expect(ownFds() - before).toBe(10)
  // The listing of /proc/self/fd itself holds one more.
  expect(own?.openFds).toBeGreaterThanOrEqual(before)
  expect(own?.openFds).toBeLessThanOrEqual(before + 12)
  const fd = openSync('/dev/null', 'r')
  expect(find(scanner, process.pid)?.openFds).toBe((own?.openFds ?? 0) + 1)
  closeSync(fd)
  expect(own?.io?.readOperations).toBeGreaterThan(0)
  expect(own?.startTimeSeconds).toBeCloseTo(Date.now() / 1000 - process.uptime(), 0)
  expect((own?.userSeconds ?? 0) + (own?.systemSeconds ?? 0)).toBeGreaterThan(0)
  scanner.close()
  expect(ownFds()).toBe(before)
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
