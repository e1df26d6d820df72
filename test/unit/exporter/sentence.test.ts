import { describe as suite, expect, test } from 'vitest'
import { describe } from '../../../src/exporter/api/classification.ts'
import { describeMachine, type BusyProcess, type MachineFigures } from '../../../src/exporter/api/sentence.ts'

const marks = { cpuRatio: 0.8, loadPerCpu: 1, memoryRatio: 0.9 }
const quiet: MachineFigures = { cores: 4, cpuRatio: 0.12, load1: 0.5, memoryRatio: 0.34 }
const busy = (category: string, cpuCores = 1): BusyProcess => ({ category, cpuCores, memoryRatio: 0.01, isBlocked: false })
const say = (figures: Partial<MachineFigures>, processes: BusyProcess[] = []) => describeMachine({ ...quiet, ...figures }, processes, marks)

suite('the sentence', () => {
  test('names the kinds of programs that use the processors, the most frequent first', () => {
    const processes = [busy('backup'), busy('development'), busy('development', 0.5), busy('system', 0.01)]
    expect(say({ cpuRatio: 0.95 }, processes)).toEqual({
      isHigh: true,
      sentence: 'System load high due to: 2 development processes, 1 backup process',
    })
  })

  test('one of each is told in the order of their use', () => {
    expect(say({ cpuRatio: 0.8 }, [busy('backup'), busy('database')]).sentence).toBe(
      'System load high due to: 1 backup process, 1 database process',
    )
  })

  test('is plain when nothing is high, whatever runs', () => {
    expect(say({}, [busy('backup')])).toEqual({
      isHigh: false,
      sentence: 'System load normal: 12 % of the processors in use, 34 % of the memory',
    })
    expect(say({ cpuRatio: undefined, memoryRatio: undefined }).sentence).toBe('System load normal')
    expect(say({ cpuRatio: 0.79, load1: 3.99, memoryRatio: 0.89 }).isHigh).toBe(false)
  })

  test('a load of tasks that wait for storage names those', () => {
    const blocked = { ...busy('backup', 0), isBlocked: true }
    expect(say({ load1: 4 }, [blocked, busy('system', 0)]).sentence).toBe('System load high due to: 1 backup process')
    // While the processors are the cause, who waits for storage is not.
    expect(say({ cpuRatio: 0.9 }, [blocked]).sentence).toBe('System load high, though no single process stands out')
  })

  test('memory has causes of its own', () => {
    const eater = { ...busy('database', 0), memoryRatio: 0.6 }
    expect(say({ memoryRatio: 0.93 }, [eater, busy('web')]).sentence).toBe('Memory nearly full due to: 1 database process')
    expect(say({ memoryRatio: 0.93, cpuRatio: 1 }, [eater, busy('web')]).sentence).toBe(
      'System load high due to: 1 web process. Memory nearly full due to: 1 database process',
    )
  })

  test('does not grow without bound', () => {
    const many = Array.from({ length: 50 }, (_, index) => busy(`kind-${index}`))
    expect(say({ cpuRatio: 1 }, many).sentence).toMatch(/kind-4 process and others$/)
  })
})

test('a process is classified in words as sure as the rule', () => {
  expect(describe('pg_dump', { category: 'backup', confidence: 0.9 }).sentence).toBe('pg_dump is a backup program')
  expect(describe('x', { category: 'web', confidence: 0.5 }).sentence).toBe('x is likely a web program')
  expect(describe('x', { category: 'web', confidence: 0.3 }).sentence).toBe('x may be a web program')
  expect(describe('x', undefined)).toEqual({ category: 'other', confidence: 0, sentence: 'x is a program of no known kind' })
  expect(describe('kswapd', { category: 'kernel', confidence: 1 }).sentence).toBe('kswapd is a part of the kernel')
})
