import { expect, test } from 'vitest'
import { descendantsOf, descendantsOfAny, type TreeProcess } from '../../../src/remediator/suspects/process-tree.ts'

const CHAIN = 5_000

/** Each is the child of the one before it, from 2 on; counts how often anyone asked for a parent. */
function chain(): { readonly processes: readonly TreeProcess[]; readonly asked: () => number } {
  let asked = 0
  const processes = Array.from({ length: CHAIN }, (_, index) => ({
    pid: index + 2,
    get ppid() {
      asked++
      return index + 1
    },
    startTicks: 1,
    state: 'S',
    comm: 'a',
  }))
  return { processes, asked: () => asked }
}

test('what hangs below many is found in one pass over the table', () => {
  const { processes, asked } = chain()
  const roots = processes.slice(0, CHAIN - 10).map(({ pid }) => pid)
  const below = descendantsOfAny(roots, processes)
  expect(below.map(({ pid }) => pid)).toEqual(processes.slice(-10).map(({ pid }) => pid))
  expect(asked()).toBe(CHAIN)
})

test('below one it is all the rest, parents before their children', () => {
  const { processes } = chain()
  expect(descendantsOf(2, processes).map(({ pid }) => pid)).toEqual(processes.slice(1).map(({ pid }) => pid))
})

test('a circle, which a table read while it changes may show, has an end', () => {
  const processes = [
    { pid: 2, ppid: 3, startTicks: 1, state: 'S', comm: 'a' },
    { pid: 3, ppid: 2, startTicks: 1, state: 'S', comm: 'a' },
  ]
  expect(descendantsOf(2, processes).map(({ pid }) => pid)).toEqual([3])
})
