import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { countDescendants } from '../../../src/exporter/descendants.ts'
import { ProcessTable } from '../../../src/exporter/process-table.ts'
import { FakeClock } from '../../support/clock.ts'

type Link = readonly [pid: number, ppid: number, comm?: string]

/** By pid, of processes given as [pid, parent]; they are of one program unless named. */
function counted(links: readonly Link[], figure: 'descendants' | 'brood' = 'descendants'): Record<number, number> {
  const clock = new FakeClock()
  const settings = { matchers: [], groupsMax: 10, groupExpiryMs: 1e9 }
  const table = new ProcessTable({ settings, clock, startTicksOf: () => undefined, identify: () => undefined })
  const samples = links.map(([pid, ppid, comm = 'a']) => ({
    pid,
    ppid,
    startTicks: pid,
    startTimeSeconds: 1,
    comm,
    state: 'S',
    isKernelThread: false,
    virtualBytes: 0,
    residentBytes: 0,
  }))
  table.apply({ samples, unreadable: { io: 0, fd: 0, exe: 0, status: 0, limits: 0 } }, clock.nowMs())
  const processes = [...table.processes()]
  countDescendants(processes, table)
  return Object.fromEntries(processes.map((process) => [process.pid, process[figure]]))
}

test('children count with theirs, in whatever order they come', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 50 }), { maxLength: 40 }), fc.infiniteStream(fc.nat()), (picks, noise) => {
      // Each process' parent is an earlier one, so there are no circles; 0 has no parent.
      const links = picks.map((pick, index): [number, number] => [index + 1, pick % (index + 1)])
      const shuffled = links.map((link) => ({ link, key: noise.next().value ?? 0 })).toSorted((a, b) => a.key - b.key)
      const expected: Record<number, number> = Object.fromEntries(links.map(([pid]) => [pid, 0]))
      const parentOf = new Map(links)
      for (const [pid] of links) {
        for (let at = parentOf.get(pid) ?? 0; at > 0; at = parentOf.get(at) ?? 0) expected[at] = (expected[at] ?? 0) + 1
      }
      expect(counted(shuffled.map(({ link }) => link))).toEqual(expected)
    }),
  )
})

test('a circle, which two moments of one scan can show, ends, and counts what hangs off it', () => {
  expect(
    counted([
      [1, 2],
      [2, 1],
      [3, 2],
      [4, 3],
      [5, 5],
    ]),
  ).toEqual({ 1: 0, 2: 2, 3: 1, 4: 0, 5: 0 })
})

test('whoever is merely above the one that multiplies has no brood', () => {
  const bomb: Link[] = Array.from({ length: 60 }, (_, index) => [100 + index, 4 + (index % 3), 'sleep'])
  const brood = counted(
    [[1, 0, 'init'], [2, 1, 'bash'], [3, 2, 'timeout'], [4, 3, 'bomb'], [5, 4, 'bomb'], [6, 4, 'bomb'], ...bomb],
    'brood',
  )
  // The bomb's own copies count with theirs; one of its sleeping children is the heaviest of another program.
  expect([brood[1], brood[2], brood[3], brood[4]]).toEqual([0, 0, 0, 61])
})

test('a shell below a shell has not done what the command below both does', () => {
  const workers: Link[] = Array.from({ length: 60 }, (_, index) => [100 + index, 4, 'server'])
  const brood = counted([[1, 0, 'init'], [2, 1, 'bash'], [3, 2, 'bash'], [4, 3, 'server'], ...workers], 'brood')
  expect([brood[2], brood[3], brood[4]]).toEqual([1, 0, 60])
})
