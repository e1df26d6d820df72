import { spawn } from 'node:child_process'
import { on } from 'node:events'
import { closeSync, openSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import type { Group } from '../../../src/exporter/group-counters.ts'
import { createLifecycle } from '../../../src/exporter/lifecycle.ts'
import { Exposition } from '../../../src/exporter/exposition.ts'
import { ProcessTable } from '../../../src/exporter/process-table.ts'
import { ProcScanner } from '../../../src/exporter/sources/proc-scan.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { createFanotify } from '../../../src/lib/linux/fanotify.ts'
import { loadLibc } from '../../../src/lib/linux/libc.ts'
import { createProcConnector } from '../../../src/lib/linux/netlink-proc.ts'
import { createProcfs, readProcessIdentity, readStat } from '../../../src/lib/linux/proc-process.ts'
import { mayUseNetlink, seriesValue } from '../../support/exporter.ts'
import { keptLog } from '../../support/log.ts'
import { afterTest, endProcess, exitOf, temporaryDirectory } from '../../support/temporary.ts'
import { waitFor } from '../../support/wait-for.ts'

/** Room for a handful of events. */
const TINY_BUFFER_BYTES = 4096

function assemble() {
  const clock = systemClock()
  const procfs = createProcfs(clock)
  const scanner = new ProcScanner({ procfs, descriptorsMax: 1000 })
  const table = new ProcessTable({
    settings: { matchers: [], groupsMax: 1000, groupExpiryMs: 3_600_000 },
    clock,
    startTicksOf: (pid) => readStat(pid, procfs)?.startTicks,
    identify: (pid) => readProcessIdentity(pid, procfs),
  })
  const scan = (): void => {
    const startedMs = clock.nowMs()
    table.apply(scanner.scan(), startedMs)
  }
  const lifecycle = createLifecycle({
    table,
    clock,
    log: keptLog(),
    openConnector: () => createProcConnector(loadLibc(), TINY_BUFFER_BYTES),
    openFanotify: () => createFanotify(loadLibc()),
    scan: async () => scan(),
  })
  afterTest(() => {
    lifecycle.close()
    scanner.close()
  })
  return { table, scan, lifecycle }
}

const ended = (exits: Group['life']['exits']): number => Object.values(exits).reduce((total, count) => total + count, 0)

/** Readers that wait for the pipe to be opened go on, and find nothing in it. */
const release = (pipe: string): void => closeSync(openSync(pipe, 'r+'))

test.runIf(mayUseNetlink())('events that the kernel drops are counted, and scans repair what they would have told', async () => {
  const { table, scan, lifecycle } = assemble()
  const folder = temporaryDirectory()
  const program = `${folder}/forks-under-loss`
  // Nobody here executes anything. Of 40 that wait, half end amid the storm, in which 20 more begin.
  writeFileSync(
    program,
    `#!/bin/bash
cd ${folder}; mkfifo go before after
for i in {1..20}; do (read < after) & (read < before) & done
echo waiting
read < go
for i in {1..1500}; do (:); done
for i in {1..20}; do (read < after) & done
echo stormed
wait
`,
    { mode: 0o755 },
  )
  scan()
  const child = spawn(program, { stdio: ['ignore', 'pipe', 'ignore'] })
  afterTest(() => endProcess(child))
  const over = exitOf(child)
  const lines = on(createInterface({ input: child.stdout }), 'line')
  const living = (): number =>
    [...table.processes()].filter(({ group, sample }) => group.name === 'forks-under-loss' && sample?.state !== 'Z').length
  const look = async (): Promise<{ starts: number; exits: number; lost: number }> => {
    scan()
    const out = new Exposition()
    await lifecycle.collector.collect(out)
    const life = [...table.groups.values()].find(({ name }) => name === 'forks-under-loss')?.life
    return {
      starts: life?.starts ?? 0,
      exits: life === undefined ? 0 : ended(life.exits),
      lost: seriesValue(out.toString(), 'procwarden_lifecycle_lost_events_total') ?? 0,
    }
  }
  const agrees = async (alive: number): Promise<boolean> => {
    const { starts, exits } = await look()
    return living() === alive && starts - exits === alive
  }
  await lines.next()
  await waitFor('41 that live', () => agrees(41))
  release(`${folder}/before`)
  release(`${folder}/go`)
  await lines.next()
  await waitFor('41 that live, others than before', () => agrees(41))
  const { lost } = await look()
  expect(lost).toBeGreaterThan(1000)
  release(`${folder}/after`)
  await over
  await waitFor('nobody that lives', () => agrees(0))
  for (let again = 0; again < 3; again++) expect(await agrees(0)).toBe(true)
})
