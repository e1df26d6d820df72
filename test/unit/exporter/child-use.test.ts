import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ProcessTable } from '../../../src/exporter/process-table.ts'
import type { ProcessSample, ProcessUse } from '../../../src/exporter/sources/process-source.ts'
import { FakeClock } from '../../support/clock.ts'

const NOTHING_UNREADABLE = { io: 0, fd: 0, exe: 0, status: 0, limits: 0 }

interface Simulated {
  pid: number
  startTicks: number
  startSeconds: number
  program: string
  parent: Simulated | undefined
  ticks: number
  childTicks: number
  isZombie: boolean
  execs: number
}

/** A machine whose kernel keeps the books as Linux does: a buried child's use, with its children's, goes to who buried it. */
class Machine {
  readonly clock = new FakeClock()
  readonly processes = new Map<number, Simulated>()
  readonly init: Simulated
  readonly table: ProcessTable
  spent = 0
  #births = 0

  constructor() {
    this.table = new ProcessTable({
      settings: { matchers: [], groupsMax: 1000, groupExpiryMs: 1e12 },
      clock: this.clock,
      startTicksOf: () => undefined,
      identify: () => undefined,
    })
    this.init = this.#birth(1, undefined)
  }

  /** The lowest free pid, so that pids come back soon. */
  fork(parent: Simulated): Simulated {
    let pid = 2
    while (this.processes.has(pid)) pid++
    return this.#birth(pid, parent)
  }

  work(process: Simulated, ticks: number): void {
    process.ticks += ticks
    this.spent += ticks
  }

  exit(process: Simulated): void {
    process.isZombie = true
    for (const child of this.childrenOf(process)) {
      child.parent = this.init
      if (child.isZombie) this.reap(child)
    }
  }

  reap(process: Simulated): void {
    if (process.parent !== undefined) process.parent.childTicks += process.ticks + process.childTicks
    this.processes.delete(process.pid)
  }

  childrenOf(process: Simulated): Simulated[] {
    return [...this.processes.values()].filter(({ parent }) => parent === process)
  }

  /** As a scan reads: one process after the other, while `meanwhile` goes on between them. */
  scan(meanwhile: () => void = () => undefined): void {
    this.clock.advance(1000)
    const startedMs = this.clock.nowMs()
    const samples: ProcessSample[] = []
    for (const pid of [...this.processes.keys()].toSorted((a, b) => a - b)) {
      const process = this.processes.get(pid)
      if (process !== undefined) samples.push(sampleOf(process))
      meanwhile()
    }
    this.clock.advance(1000)
    this.table.apply({ samples, unreadable: NOTHING_UNREADABLE }, startedMs)
  }

  counted(): number {
    let ticks = 0
    for (const { counters } of this.table.groups.values()) ticks += (counters.userSeconds ?? 0) * 100
    return Math.round(ticks)
  }

  #birth(pid: number, parent: Simulated | undefined): Simulated {
    this.#births++
    this.clock.advance(1)
    const startSeconds = this.clock.nowMs() / 1000
    const program = parent?.program ?? 'init'
    const process: Simulated = {
      pid,
      startTicks: this.#births,
      startSeconds,
      program,
      parent,
      ticks: 0,
      childTicks: 0,
      isZombie: false,
      execs: 0,
    }
    this.processes.set(pid, process)
    return process
  }
}

function sampleOf(process: Simulated): ProcessSample {
  const use = (ticks: number): ProcessUse => ({ userSeconds: ticks / 100, systemSeconds: 0, minorFaults: ticks, majorFaults: 0 })
  return {
    pid: process.pid,
    startTicks: process.startTicks,
    startTimeSeconds: process.startSeconds,
    ppid: process.parent?.pid ?? 0,
    comm: process.program,
    state: process.isZombie ? 'Z' : 'S',
    isKernelThread: false,
    ...use(process.ticks),
    children: use(process.childTicks),
    threads: 1,
    virtualBytes: 0,
    residentBytes: 0,
    details: { exe: `/bin/${process.program}`, cmdline: [process.program] },
  }
}

type Step = readonly [kind: 'fork' | 'exec' | 'work' | 'exit' | 'reap' | 'scan', which: number, amount: number]

const steps = fc.array(
  fc.tuple(fc.constantFrom('fork', 'exec', 'work', 'work', 'exit', 'reap', 'scan'), fc.nat(1000), fc.integer({ min: 1, max: 50 })),
  { maxLength: 120 },
) as fc.Arbitrary<Step[]>

/** `orphans: false` lets a process exit only without children, so that every child is buried by the parent that scans know. */
function play(machine: Machine, [kind, which, amount]: Step, options: { readonly orphans: boolean }): void {
  const all = [...machine.processes.values()]
  const pick = (from: readonly Simulated[]): Simulated | undefined => from[which % Math.max(1, from.length)]
  const living = all.filter(({ isZombie }) => !isZombie)
  if (kind === 'fork') machine.fork(pick(living) ?? machine.init)
  if (kind === 'work') machine.work(pick(living) ?? machine.init, amount)
  if (kind === 'exec') {
    const process = pick(living)
    if (process !== undefined) process.program = `p${amount % 5}`
  }
  if (kind === 'exit') {
    const process = pick(living.filter((one) => one !== machine.init && (options.orphans || machine.childrenOf(one).length === 0)))
    if (process !== undefined) machine.exit(process)
  }
  if (kind === 'reap') {
    const process = pick(all.filter(({ isZombie }) => isZombie))
    if (process !== undefined) machine.reap(process)
  }
}

function run(history: readonly Step[], options: { readonly orphans: boolean; readonly torn: boolean }): Machine {
  const machine = new Machine()
  machine.scan()
  let at = 0
  let before = 0
  while (at < history.length) {
    const step = history[at++]
    if (step === undefined) break
    if (step[0] !== 'scan') {
      play(machine, step, options)
      continue
    }
    machine.scan(() => {
      const next = options.torn ? history[at] : undefined
      if (next === undefined || next[0] === 'scan') return
      at++
      play(machine, next, options)
    })
    const now = machine.counted()
    expect(now).toBeGreaterThanOrEqual(before)
    expect(now).toBeLessThanOrEqual(machine.spent)
    before = now
  }
  // Twice: what was buried is judged one scan later.
  machine.scan()
  machine.scan()
  return machine
}

describe('the sum over all groups', () => {
  test.each([false, true])('is exactly what was spent, when parents live to bury their children (scans torn: %s)', (torn) => {
    fc.assert(
      fc.property(steps, (history) => {
        const machine = run(history, { orphans: false, torn })
        expect(machine.counted()).toBe(machine.spent)
      }),
      { numRuns: 2000 },
    )
  })

  test.each([false, true])('never falls and is never more than was spent, orphans or not (scans torn: %s)', (torn) => {
    fc.assert(
      fc.property(steps, (history) => {
        const machine = run(history, { orphans: true, torn })
        expect(machine.counted()).toBeLessThanOrEqual(machine.spent)
      }),
      { numRuns: 2000 },
    )
  })
})

test('what a child used between its last scan and its end counts to its parent, and what was measured does not again', () => {
  const machine = new Machine()
  const shell = machine.fork(machine.init)
  shell.program = 'shell'
  const worker = machine.fork(shell)
  worker.program = 'worker'
  machine.scan()
  machine.work(worker, 10)
  machine.scan()
  machine.work(worker, 5)
  machine.exit(worker)
  machine.reap(worker)
  machine.scan()
  machine.scan()
  const seconds = (name: string) => [...machine.table.groups.values()].find((group) => group.name === name)?.counters.userSeconds
  expect([seconds('worker'), seconds('shell')]).toEqual([0.1, 0.05])
})
