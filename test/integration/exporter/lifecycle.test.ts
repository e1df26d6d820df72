import { spawn } from 'node:child_process'
import { closeSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { OperationalError } from '../../../src/lib/errors.ts'
import { loadLibc } from '../../../src/lib/linux/libc.ts'
import { createProcConnector } from '../../../src/lib/linux/netlink-proc.ts'
import { mayUseFanotify, scrape, seriesValue, startExporter } from '../../support/exporter.ts'
import { exporterAs } from '../../support/exporter-process.ts'
import { exitOf, temporaryDirectory, temporaryProcess } from '../../support/temporary.ts'
import { waitFor } from '../../support/wait-for.ts'

const STARTS = 'procwarden_group_starts_total'
const EXITS = 'procwarden_group_exits_total'
const CRASHES = 'procwarden_group_crashes_total'

function mayUseNetlink(): boolean {
  try {
    closeSync(createProcConnector(loadLibc()).open())
    return true
  } catch (error) {
    if (error instanceof OperationalError) return false
    throw error
  }
}

/** A program of ours that nothing else on the machine is called: a shell script by that name. */
function script(name: string, text: string): string {
  const path = `${temporaryDirectory()}/${name}`
  writeFileSync(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  return path
}

const run = (path: string, ...args: string[]) => exitOf(spawn(path, args, { stdio: 'ignore' }))

describe.runIf(mayUseNetlink())('with process events', () => {
  test('each end is counted by its reason, and a crash by its signal, however short the life', async () => {
    const exporter = await startExporter({ files: false })
    const program = script('lives-and-ends', 'case $1 in code) exit 3;; signal) kill -$2 $$;; esac; exit 0')
    await run(program)
    expect(seriesValue(await scrape(exporter.url), STARTS, 'group="lives-and-ends"')).toBe(0)
    await run(program)
    await run(program, 'code')
    for (const signal of ['TERM', 'KILL', 'SEGV', 'ABRT', 'ABRT']) await run(program, 'signal', signal)
    const text = await scrape(exporter.url)
    const value = (name: string, ...labels: string[]) => seriesValue(text, name, 'group="lives-and-ends"', ...labels)
    expect(value(STARTS)).toBe(8)
    expect(value(EXITS, 'reason="success"')).toBe(2)
    expect(value(EXITS, 'reason="error"')).toBe(1)
    expect(value(EXITS, 'reason="signal"')).toBe(5)
    expect(value(EXITS, 'reason="unknown"')).toBe(0)
    expect(value(CRASHES, 'signal="SIGSEGV"')).toBe(1)
    expect(value(CRASHES, 'signal="SIGABRT"')).toBe(2)
    expect(text).not.toMatch(/lives-and-ends",signal="SIG(?:TERM|KILL)/)
    expect(text).toContain('procwarden_lifecycle_backend_info{backend="netlink",reason="available"} 1\n')
    expect(seriesValue(text, 'procwarden_lifecycle_lost_events_total')).toBeGreaterThanOrEqual(0)
  })

  test('10,000 processes as fast as a shell forks them: exact, under the name of the shell that never executed anything', async () => {
    const exporter = await startExporter({ files: false })
    const program = script('forks-without-exec', 'i=0; while [ $i -lt 10000 ]; do (:); i=$((i+1)); done')
    await scrape(exporter.url)
    await run(script('forks-without-exec', ':'))
    await scrape(exporter.url)
    await run(program)
    const text = await scrape(exporter.url)
    expect(seriesValue(text, STARTS, 'group="forks-without-exec"')).toBe(10_002)
    expect(seriesValue(text, EXITS, 'group="forks-without-exec"', 'reason="success"')).toBe(10_002)
  })

  test.runIf(mayUseFanotify())('files of writers that ended at once are credited to the loop that started them', async () => {
    const root = temporaryDirectory()
    const exporter = await startExporter({ filesWatch: [root] })
    const before = await scrape(exporter.url)
    const count = (text: string, group: string) => seriesValue(text, 'procwarden_group_files_created_total', `group="${group}"`) ?? 0
    await run(script('touches', `cd ${root}; i=0; while [ $i -lt 300 ]; do touch t$i; (: > s$i); i=$((i+1)); done`))
    const text = await scrape(exporter.url)
    expect(seriesValue(text, 'procwarden_files_created_total', `directory="${root}"`)).toBe(600)
    expect(count(text, 'touch') - count(before, 'touch')).toBe(0)
    expect(count(text, 'touches')).toBe(600)
    expect(count(text, 'unknown')).toBe(count(before, 'unknown'))
  })

  test('a process that executes another program is a start of that program, and ends as it', async () => {
    const exporter = await startExporter({ files: false })
    const target = script('executed-later', 'exit 4')
    await run(target)
    await run(script('becomes-another', `exec ${target}`))
    await scrape(exporter.url)
    const text = await scrape(exporter.url)
    expect(seriesValue(text, STARTS, 'group="executed-later"')).toBe(2)
    expect(seriesValue(text, EXITS, 'group="executed-later"', 'reason="error"')).toBe(2)
    expect(seriesValue(text, EXITS, 'group="becomes-another"', 'reason="error"') ?? 0).toBe(0)
  })
})

test('without the privilege lives are differences between scans, and that is said', { timeout: 60_000 }, async () => {
  const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
  const exporter = await exporterAs(user, { files: false, procfs: '/proc/' })
  await scrape(exporter.url)
  const program = script('seen-by-scans', 'read line')
  const child = await temporaryProcess(program, [], { stdio: ['pipe', 'ignore', 'ignore'] })
  await waitFor('its start', async () => seriesValue(await scrape(exporter.url), STARTS, 'group="seen-by-scans"') === 1)
  child.stdin?.end()
  await exitOf(child)
  const text = await waitFor('its end', async () => {
    const now = await scrape(exporter.url)
    return seriesValue(now, EXITS, 'group="seen-by-scans"', 'reason="unknown"') === 1 && now
  })
  expect(text).toContain('procwarden_lifecycle_backend_info{backend="scan",reason="unsupported"} 1\n')
  expect(text).not.toContain(CRASHES)
})
