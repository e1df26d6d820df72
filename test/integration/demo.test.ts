import { readFileSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { PROCWARDEN } from '../support/loop.ts'
import { exitOf, temporaryDirectory, temporaryProcess } from '../support/temporary.ts'
import { waitFor } from '../support/wait-for.ts'

interface Demo {
  readonly pid: number
  readonly output: () => string
  readonly ended: Promise<NodeJS.Signals | number>
  stop(): void
}

async function startDemo(name: string, ...given: Array<string | Readonly<Record<string, string>>>): Promise<Demo> {
  const flags = given.filter((each) => typeof each === 'string')
  const environment = given.find((each) => typeof each !== 'string')
  const args = ['demo', name, '--state.dir', temporaryDirectory(), ...flags]
  const child = await temporaryProcess(PROCWARDEN, args, { stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, ...environment } })
  let output = ''
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const pid = await waitFor('the pid', () => /\(pid (\d+)\)/.exec(output)?.[1])
  return { pid: Number(pid), output: () => output, ended: exitOf(child), stop: () => void child.kill('SIGTERM') }
}

function status(pid: number, field: string): string {
  return new RegExp(`^${field}:\\s+(.*)$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? ''
}

/** Parent and state of every process, from /proc/PID/stat. */
function processes(): Array<{ readonly pid: number; readonly parent: number; readonly state: string }> {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const rest = readFileSync(`/proc/${name}/stat`, 'latin1')
          .replace(/^.*\) /s, '')
          .split(' ')
        return [{ pid: Number(name), state: rest[0] ?? '', parent: Number(rest[1]) }]
      } catch {
        return [] // it ended meanwhile
      }
    })
}

function descendants(pid: number): number[] {
  const all = processes()
  const below = (parent: number): number[] => all.filter((each) => each.parent === parent).flatMap((each) => [each.pid, ...below(each.pid)])
  return below(pid)
}

describe('demonstrations do what they say, within their bounds', () => {
  test('cpu-spin keeps a core busy and ends when its time is over', async () => {
    const demo = await startDemo('cpu-spin', '--seconds', '2')
    expect(demo.output()).toContain('What should be seen: CpuAboveBaseline')
    const ticks = await waitFor('half a second of CPU', () => {
      const rest = readFileSync(`/proc/${demo.pid}/stat`, 'latin1')
        .replace(/^.*\) /s, '')
        .split(' ')
      return Number(rest[11]) > 50 && Number(rest[11])
    })
    expect(ticks).toBeGreaterThan(50)
    expect(await demo.ended).toBe(0)
    expect(demo.output()).toContain('ended with exit code 0')
  })

  test('memory-leak grows to its limit and no further', async () => {
    const demo = await startDemo('memory-leak', '--rate', '6000', '--max', '150', '--seconds', '20')
    await waitFor('150 MB', () => Number.parseInt(status(demo.pid, 'RssAnon'), 10) > 150_000)
    demo.stop()
    await demo.ended
    expect(demo.output()).toContain('was stopped by SIGTERM')
  })

  test('fd-leak opens files up to its limit', async () => {
    const demo = await startDemo('fd-leak', '--rate', '60000', '--max', '120', '--seconds', '20')
    const leaked = () => readdirSync(`/proc/${demo.pid}/fd`).length
    await waitFor('120 descriptors', () => leaked() >= 120)
    expect(leaked()).toBeLessThan(200)
    demo.stop()
    await demo.ended
  })

  test('thread-explosion is quiet first', async () => {
    const demo = await startDemo('thread-explosion', '--max', '150', '--quiet', '2', '--seconds', '30')
    const threads = () => Math.max(0, ...descendants(demo.pid).map((pid) => Number(status(pid, 'Threads'))))
    await waitFor('the quiet program', () => threads() > 0)
    expect(threads()).toBeLessThan(50)
    await waitFor('150 threads', () => threads() >= 150)
    demo.stop()
    await demo.ended
  })

  test('fork-bomb stays below its limit, and takes its tree with it', async () => {
    const demo = await startDemo('fork-bomb', '--max', '60', '--seconds', '30')
    await waitFor('more than 50 descendants', () => descendants(demo.pid).length > 50)
    const tree = descendants(demo.pid)
    expect(tree.length).toBeLessThanOrEqual(60)
    demo.stop()
    await demo.ended
    const living = () => processes().filter(({ pid, state }) => tree.includes(pid) && state !== 'Z')
    await waitFor('the tree to be gone', () => living().length === 0)
  })

  test('zombies are left as long as the parent lives', async () => {
    const demo = await startDemo('zombies', '--max', '5', '--seconds', '60')
    const zombies = () => processes().filter(({ pid, state }) => state === 'Z' && descendants(demo.pid).includes(pid)).length
    await waitFor('5 zombies', () => zombies() === 5)
    demo.stop()
    await demo.ended
    expect(zombies()).toBe(0)
  })

  test('crash-loop crashes again and again, and then ends', async () => {
    const demo = await startDemo('crash-loop', '--rate', '60', '--max', '2', '--seconds', '30')
    const seen = new Set<number>()
    await waitFor('two lives', () => {
      for (const pid of descendants(demo.pid)) seen.add(pid)
      return seen.size >= 2
    })
    expect(await demo.ended).toBe(0)
  })

  test('disk-thrash writes no more than its file, and removes it', async () => {
    const scratch = temporaryDirectory()
    const demo = await startDemo('disk-thrash', { TMPDIR: scratch }, '--max', '1', '--seconds', '60')
    const written = () => Number(/^wchar: (\d+)$/m.exec(readFileSync(`/proc/${demo.pid}/io`, 'utf8'))?.[1])
    await waitFor('several times the file', () => written() > 4_000_000)
    const [folder = ''] = readdirSync(scratch)
    expect(statSync(path.join(scratch, folder, 'thrashed')).size).toBeLessThanOrEqual(1024 * 1024)
    demo.stop()
    await demo.ended
    expect(readdirSync(scratch)).toEqual([])
  })

  test('a bound that would take the machine down is refused', async () => {
    const child = await temporaryProcess(PROCWARDEN, ['demo', 'fork-bomb', '--max', '100000'], { stdio: ['ignore', 'ignore', 'pipe'] })
    let error = ''
    child.stderr?.on('data', (chunk: Buffer) => (error += chunk.toString()))
    expect(await exitOf(child)).toBe(1)
    await waitFor('the reason', () => error.includes('at most 200'))
  })
})
