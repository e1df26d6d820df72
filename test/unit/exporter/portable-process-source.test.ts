import { describe, expect, test } from 'vitest'
import {
  createPortableProcessSource,
  type ListedProcess,
  type ProcessUsage,
} from '../../../src/exporter/sources/portable-process-source.ts'

const LISTED: ListedProcess = {
  pid: 100,
  parentPid: 1,
  name: 'python3',
  state: 'sleeping',
  memVsz: 1000,
  memRss: 500,
  started: '2026-01-01 00:00:00',
  command: 'python3',
  params: '-u /opt/daemon.py',
  path: '/usr/bin',
}
const USAGE: ProcessUsage = { ctime: 1500, memory: 600_000, elapsed: 60_000, timestamp: 1_000_000_000 }

type Scene = { listed: readonly ListedProcess[]; usages: ReadonlyMap<number, ProcessUsage> | undefined }

function sourceOf(scene: Scene) {
  const asked: number[][] = []
  const source = createPortableProcessSource({
    list: async () => scene.listed,
    usageOf: async (pids) => {
      asked.push([...pids])
      if (scene.usages === undefined) throw new Error('ps failed')
      return scene.usages
    },
  })
  return { source, asked }
}

describe('the portable source', () => {
  test('tells what both know, and nothing of what neither knows', async () => {
    const { source } = sourceOf({ listed: [LISTED], usages: new Map([[100, USAGE]]) })
    expect(await source.scan()).toEqual({
      samples: [
        {
          pid: 100,
          startTicks: 999_940_000,
          startTimeSeconds: 999_940,
          ppid: 1,
          comm: 'python3',
          state: 'S',
          isKernelThread: false,
          virtualBytes: 1_024_000,
          residentBytes: 600_000,
          undividedSeconds: 1.5,
          details: { exe: '/usr/bin/python3', cmdline: ['/usr/bin/python3', '-u', '/opt/daemon.py'] },
        },
      ],
      unreadable: { io: 0, fd: 0, exe: 0, status: 0, limits: 0 },
    })
  })

  test('a start that jitters is the same process; a later one, or less CPU time, is another with the same pid', async () => {
    const scene: Scene = { listed: [LISTED], usages: new Map([[100, USAGE]]) }
    const { source } = sourceOf(scene)
    const startAfter = async (usage: Partial<ProcessUsage>) => {
      scene.usages = new Map([[100, { ...USAGE, ...usage }]])
      const [sample] = (await source.scan()).samples
      return { startTicks: sample?.startTicks, isTold: sample?.details !== undefined }
    }
    expect(await startAfter({})).toEqual({ startTicks: 999_940_000, isTold: true })
    expect(await startAfter({ elapsed: 59_100, ctime: 1600 })).toEqual({ startTicks: 999_940_000, isTold: false })
    expect(await startAfter({ elapsed: 59_000, ctime: 100 })).toEqual({ startTicks: 999_941_000, isTold: true })
    expect(await startAfter({ elapsed: 1000, ctime: 100 })).toEqual({ startTicks: 999_999_000, isTold: true })
  })

  test('another program in the same process is told', async () => {
    const scene: Scene = { listed: [LISTED], usages: new Map([[100, USAGE]]) }
    const { source } = sourceOf(scene)
    await source.scan()
    scene.listed = [{ ...LISTED, path: '', command: 'sleep', params: '10', name: 'sleep' }]
    expect((await source.scan()).samples[0]).toMatchObject({ comm: 'sleep', details: { cmdline: ['sleep', '10'] } })
  })

  test('what has ended since it was listed is left out; where nothing can be asked, CPU time alone is absent', async () => {
    const scene: Scene = { listed: [LISTED], usages: new Map() }
    const { source } = sourceOf(scene)
    expect((await source.scan()).samples).toEqual([])
    scene.usages = undefined
    const [sample] = (await source.scan()).samples
    expect(sample).toMatchObject({ pid: 100, residentBytes: 512_000, startTimeSeconds: new Date(2026, 0, 1).getTime() / 1000 })
    expect(sample).not.toHaveProperty('undividedSeconds')
  })

  test('asks about a bounded number at once', async () => {
    const listed = Array.from({ length: 450 }, (_, index) => ({ ...LISTED, pid: index + 1 }))
    const { source, asked } = sourceOf({ listed, usages: new Map() })
    await source.scan()
    expect(asked.map((pids) => pids.length)).toEqual([200, 200, 50])
  })

  test('an empty list is a fault, not a machine without processes', async () => {
    await expect(sourceOf({ listed: [], usages: new Map() }).source.scan()).rejects.toThrow('lists no process')
  })
})
