/**
 * Tests what happens when the kernel refuses: processes that may not be signalled, descriptors that run out. Real processes, a real
 * store; only the kernel's refusal is made up, because root gets none.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { OperationalError } from '../../../src/lib/errors.ts'
import { loadLibc } from '../../../src/lib/linux/libc.ts'
import { createPidfds, type Pidfds } from '../../../src/lib/linux/pidfd.ts'
import { createProcfs, readProcessIdentity, readStat } from '../../../src/lib/linux/proc-process.ts'
import type { ActionRequest } from '../../../src/remediator/actions/action.ts'
import { freezeTarget, thawIncident } from '../../../src/remediator/actions/freeze.ts'
import { freezeTree } from '../../../src/remediator/actions/freeze-tree.ts'
import { createHolder, type HeldProcess } from '../../../src/remediator/actions/held-processes.ts'
import { createKill } from '../../../src/remediator/actions/kill.ts'
import { Journal } from '../../../src/remediator/audit/journal.ts'
import { PolicyList } from '../../../src/remediator/policies/policy.ts'
import { targetOf } from '../../../src/remediator/stages/identified.ts'
import { Database } from '../../../src/remediator/store/database.ts'
import { addHold, holdsOf } from '../../../src/remediator/store/holds.ts'
import { createIncident, updateIncident } from '../../../src/remediator/store/incidents.ts'
import { createSweep } from '../../../src/remediator/sweep.ts'
import { keptLog } from '../../support/log.ts'
import { afterTest, exitOf, temporaryDirectory, temporaryProcess } from '../../support/temporary.ts'
import { waitFor } from '../../support/wait-for.ts'

const clock = systemClock()
const procfs = createProcfs(clock)
const sleeper = () => temporaryProcess('sleep', ['600'])
const stateOf = (pid: number): string | undefined => readStat(pid, procfs)?.state

/** The kernel, which refuses to signal those in `denied`, to end those in `unkillable`, to open those in `unopened`; keeps what is open and whom was sent what. */
function refusing() {
  const real = createPidfds(loadLibc())
  const [denied, unkillable, unopened] = [new Set<number>(), new Set<number>(), new Set<number>()]
  const open = new Map<number, number>()
  const sent: string[] = []
  const pidfds: Pidfds = {
    ...real,
    openPidfd: (pid) => {
      if (unopened.has(pid)) throw new OperationalError('EMFILE', { reason: 'unsupported' })
      const fd = real.openPidfd(pid)
      open.set(fd, pid)
      return fd
    },
    sendSignal: (fd, signal) => {
      const pid = open.get(fd) ?? 0
      if (denied.has(pid) || (signal === 'SIGKILL' && unkillable.has(pid)))
        throw new OperationalError('not permitted', { reason: 'denied' })
      sent.push(`${signal} ${pid}`)
      real.sendSignal(fd, signal)
    },
    closePidfd: (fd) => {
      open.delete(fd)
      real.closePidfd(fd)
    },
  }
  return { holder: createHolder(() => pidfds, procfs), denied, unkillable, unopened, open, sent }
}

/** A shell with three children, in the order of their start. */
async function startTree() {
  const root = await temporaryProcess('sh', ['-c', 'sleep 600 & sleep 600 & sleep 600 & wait'], { detached: true })
  afterTest(() => void process.kill(-root.pid, 'SIGKILL'))
  const children = await waitFor('three children', () => {
    const pids = readFileSync(`/proc/${root.pid}/task/${root.pid}/children`, 'latin1').trim().split(' ').map(Number)
    return pids.length === 3 && pids.every((pid) => readFileSync(`/proc/${pid}/comm`, 'latin1') === 'sleep\n') && pids
  })
  const [first = 0, second = 0, third = 0] = children
  return { root, first, second, third, all: [root.pid, ...children] }
}

/** What was told to go on runs for a moment before it sleeps again. */
const allSleep = (pids: readonly number[]) => waitFor('all of them to sleep', () => pids.every((pid) => stateOf(pid) === 'S'))

function targetOn(pid: number) {
  const identity = readProcessIdentity(pid, procfs)
  if (!identity) throw new Error('it has just been started')
  return targetOf(identity, 'sleep', '', 'high')
}

function openStore() {
  const directory = temporaryDirectory()
  const database = Database.open(`${directory}/procwarden.db`)
  afterTest(() => database.close())
  const log = keptLog()
  const journal = new Journal(database, `${directory}/audit.jsonl`, clock, log)
  afterTest(() => journal.close())
  const incident = (fingerprint: string): string => {
    const startsAt = new Date().toISOString()
    return createIncident(database, { fingerprint, status: 'firing', labels: { alertname: 'A' }, annotations: {}, startsAt }, startsAt).id
  }
  return { database, journal, log, incident, boot: () => clock.boot() }
}

function setUp() {
  const [kernel, store] = [refusing(), openStore()]
  const freezing = {
    ...store,
    ...kernel,
    procfs,
    mayTouch: () => true,
    nowMs: () => clock.nowMs(),
    sleep: (ms: number) => clock.sleep(ms),
  }
  const sweep = createSweep({ ...freezing, clock, snapshotRetentionDays: 1 })
  return { ...freezing, freezing, runSweep: () => sweep(AbortSignal.timeout(10_000)) }
}

describe('what may not be signalled', () => {
  test('is not written down as frozen', async () => {
    const { freezing, denied, incident, database, open } = setUp()
    const other = await sleeper()
    denied.add(other.pid)
    const id = incident('a')
    expect(await freezeTarget(id, targetOn(other.pid), 'waiting', false, freezing)).toMatchObject({ reason: 'permission_denied' })
    expect(holdsOf(database, id)).toEqual([])
    expect(open.size).toBe(0)
  })

  test('is left out of a frozen tree, all of which goes on afterwards', async () => {
    const { freezing, denied, incident, database, open } = setUp()
    const tree = await startTree()
    denied.add(tree.second)
    const id = incident('a')
    expect(await freezeTarget(id, targetOn(tree.root.pid), 'waiting', true, freezing)).toMatchObject({ outcome: 'frozen' })
    expect(tree.all.map(stateOf)).toEqual(['T', 'T', 'S', 'T'])
    expect(holdsOf(database, id).map(({ pid }) => pid)).toEqual([tree.root.pid, tree.first, tree.third])
    expect(open.size).toBe(0)
    thawIncident(id, freezing)
    await allSleep(tree.all)
    expect(holdsOf(database, id)).toEqual([])
  })

  test.each([
    ['denied', 'killed', 'could not be signalled'],
    ['unkillable', 'failed', 'could not be ended'],
  ] as const)('(%s) below a root that is killed keeps none of the others alive, and is told of', async (how, outcome, words) => {
    const { holder, open, ...refused } = refusing()
    const tree = await startTree()
    refused[how].add(tree.second)
    const [policy] = PolicyList.parse([{ name: 'bombs', match: ['a=b'], ladder: [{ action: 'kill', tree: true }], verify: ['gone'] }])
    const step = policy?.ladder[0]
    if (!policy || !step) throw new Error('the policy has one step')
    const kill = createKill({ holder, procfs, mayTouch: () => true, sleep: (ms) => clock.sleep(ms), wasSignalled: () => false })
    const begunAt = { wallMs: clock.nowMs(), boot: clock.boot() }
    const notes: string[] = []
    const request: ActionRequest = {
      incident: { id: 'i' } as ActionRequest['incident'],
      policy,
      step,
      target: targetOn(tree.root.pid),
      attempt: 1,
      begunAt,
      note: ({ text }) => void notes.push(text),
    }
    const result = await kill.run(request, AbortSignal.timeout(10_000))
    expect(result).toMatchObject({ outcome, text: expect.stringContaining(`${words} (pid ${tree.second})`) })
    expect(notes.join()).toContain(String(tree.second))
    expect(await exitOf(tree.root)).toBe('SIGKILL')
    await waitFor('the others to end', () => [tree.first, tree.third].every((pid) => [undefined, 'Z'].includes(stateOf(pid))))
    await allSleep([tree.second])
    expect(open.size).toBe(0)
  })

  test('and runs is forgotten when it is to go on', async () => {
    const { denied, incident, database, boot, runSweep, log } = setUp()
    const other = await sleeper()
    denied.add(other.pid)
    const id = incident('a')
    hold(id, other.pid, database, boot().bootId)
    updateIncident(database, id, { status: 'done' })
    await runSweep()
    expect(holdsOf(database, id)).toEqual([])
    expect(log.lines).toEqual([])
  })

  test('and is stopped stays on record, is told of once, and keeps nothing else from going on', async () => {
    const { freezing, denied, incident, database, runSweep, log } = setUp()
    const [other, ours] = [await sleeper(), await sleeper()]
    const [first, second] = [incident('a'), incident('b')]
    for (const [id, { pid }] of [[first, other] as const, [second, ours] as const]) {
      await freezeTarget(id, targetOn(pid), 'waiting', false, freezing)
      updateIncident(database, id, { status: 'done' })
    }
    denied.add(other.pid)
    for (let turn = 0; turn < 3; turn++) await runSweep()
    await waitFor('it to go on', () => stateOf(ours.pid) === 'S')
    expect([holdsOf(database, first).length, holdsOf(database, second).length]).toEqual([1, 0])
    expect(stateOf(other.pid)).toBe('T')
    expect(log.lines.map(({ level }) => level)).toEqual(['warn'])
    denied.clear()
    await runSweep()
    await waitFor('it to go on', () => stateOf(other.pid) === 'S')
    expect(holdsOf(database, first)).toEqual([])
  })
})

test('a fault with one process keeps the sweep from nothing else', async () => {
  const { freezing, holder, incident, database, log } = setUp()
  const [faulty, ours] = [await sleeper(), await sleeper()]
  const [first, second] = [incident('a'), incident('b')]
  for (const [id, { pid }] of [[first, faulty] as const, [second, ours] as const]) {
    await freezeTarget(id, targetOn(pid), 'waiting', false, freezing)
    updateIncident(database, id, { status: 'done' })
  }
  const stateOfOthers: typeof holder.stateOf = (held) => {
    if (held.pid === faulty.pid) throw new Error('a fault of ours')
    return holder.stateOf(held)
  }
  const { pidfds } = holder
  const broken = { ...holder, pidfds, stateOf: stateOfOthers }
  await createSweep({ ...freezing, holder: broken, clock, snapshotRetentionDays: 1 })(AbortSignal.timeout(10_000))
  await waitFor('it to go on', () => stateOf(ours.pid) === 'S')
  expect(holdsOf(database, second)).toEqual([])
  expect(log.lines.map(({ level }) => level)).toEqual(['error'])
})

function hold(incident: string, pid: number, database: Database, bootId: string): void {
  const { startTicks } = targetOn(pid)
  addHold(database, { incident, kind: 'waiting', group: 'sleep', pid, startTicks, bootId, at: new Date().toISOString() })
}

describe('a failure in the middle of a tree', () => {
  const rootOf = (pid: number, held: HeldProcess | undefined): HeldProcess => {
    if (!held) throw new Error(`${pid} has just been started`)
    return held
  }

  test('descriptors run out: what was stopped goes on, and nothing stays open', async () => {
    const { holder, unopened, open, sent } = refusing()
    const tree = await startTree()
    const root = rootOf(tree.root.pid, holder.hold(targetOn(tree.root.pid)))
    unopened.add(tree.third)
    expect(() => freezeTree(root, { holder, procfs, mayTouch: () => true })).toThrow('EMFILE')
    const stopped = [tree.root.pid, tree.first, tree.second]
    expect(sent).toEqual([...stopped.map((pid) => `SIGSTOP ${pid}`), ...stopped.map((pid) => `SIGCONT ${pid}`)])
    expect([...open.keys()]).toEqual([root.fd])
    holder.release(root)
    await allSleep(tree.all)
  })

  test('a process cannot be judged: the root goes on', async () => {
    const { holder, open } = refusing()
    const tree = await startTree()
    const root = rootOf(tree.root.pid, holder.hold(targetOn(tree.root.pid)))
    const mayTouch = (): boolean => {
      throw new Error('EMFILE')
    }
    expect(() => freezeTree(root, { holder, procfs, mayTouch })).toThrow('EMFILE')
    expect([...open.keys()]).toEqual([root.fd])
    holder.release(root)
    await allSleep(tree.all)
  })

  test('what was stopped before stays so', async () => {
    const { holder, unopened } = refusing()
    const tree = await startTree()
    process.kill(tree.first, 'SIGSTOP')
    await waitFor('it to stop', () => stateOf(tree.first) === 'T')
    unopened.add(tree.third)
    const root = rootOf(tree.root.pid, holder.hold(targetOn(tree.root.pid)))
    expect(() => freezeTree(root, { holder, procfs, mayTouch: () => true })).toThrow('EMFILE')
    holder.release(root)
    await waitFor('the rest to go on', () => stateOf(tree.root.pid) === 'S' && stateOf(tree.second) === 'S')
    expect(stateOf(tree.first)).toBe('T')
  })

  test('it leaves nothing on record', async () => {
    const { freezing, unopened, incident, database, open } = setUp()
    const tree = await startTree()
    unopened.add(tree.second)
    const id = incident('a')
    expect(await freezeTarget(id, targetOn(tree.root.pid), 'action', true, freezing)).toMatchObject({
      outcome: 'failed',
      reason: 'unsupported',
    })
    await allSleep(tree.all)
    expect(holdsOf(database, id)).toEqual([])
    expect(open.size).toBe(0)
  })
})
