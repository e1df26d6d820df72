import { spawn, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { mayUseFanotify, mayUseNetlink, scrape, seriesValue, startExporter } from '../../support/exporter.ts'
import { exporterAs, exporterBehind } from '../../support/exporter-process.ts'
import { exitOf, temporaryDirectory, temporaryProcess } from '../../support/temporary.ts'
import { waitFor } from '../../support/wait-for.ts'

const STARTS = 'procwarden_group_starts_total'
const EXITS = 'procwarden_group_exits_total'
const CRASHES = 'procwarden_group_crashes_total'

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
    expect(seriesValue(text, 'procwarden_lifecycle_lost_events_total')).toBe(0)
  })

  test('10,000 processes as fast as they can be forked: exact by reason and by signal, though they never executed anything', async () => {
    const exporter = await startExporter({ files: false })
    const program = `${temporaryDirectory()}/forks-without-exec`
    writeFileSync(
      program,
      `#!/usr/bin/perl
for my $number (0 .. $ARGV[0] - 1) {
  my $pid = fork() // die;
  if ($pid == 0) {
    my $way = $number % 5;
    exit($way == 1 ? 3 : 0) if $way < 2;
    kill(('TERM', 'SEGV', 'ABRT')[$way - 2], $$);
  }
  waitpid($pid, 0);
}
`,
      { mode: 0o755 },
    )
    await run(program, '0')
    await scrape(exporter.url)
    await Promise.all([run(program, '5000'), run(program, '5000')])
    const text = await scrape(exporter.url)
    const value = (name: string, ...labels: string[]) => seriesValue(text, name, 'group="forks-without-exec"', ...labels)
    expect(value(STARTS)).toBe(10_003)
    expect(value(EXITS, 'reason="success"')).toBe(2003)
    expect(value(EXITS, 'reason="error"')).toBe(2000)
    expect(value(EXITS, 'reason="signal"')).toBe(6000)
    expect(value(EXITS, 'reason="unknown"')).toBe(0)
    expect(value(CRASHES, 'signal="SIGSEGV"')).toBe(2000)
    expect(value(CRASHES, 'signal="SIGABRT"')).toBe(2000)
    expect(seriesValue(text, 'procwarden_lifecycle_lost_events_total')).toBe(0)
  })

  test('3,000 executed programs, each by its name', async () => {
    const exporter = await startExporter({ files: false })
    const [good, bad] = [script('ends-well', 'exit 0'), script('ends-badly', 'exit 9')]
    await Promise.all([run(good), run(bad)])
    await scrape(exporter.url)
    await run(script('executes-others', `i=0; while [ $i -lt 1500 ]; do ${good}; ${bad}; i=$((i+1)); done`))
    const text = await scrape(exporter.url)
    for (const [group, reason] of [
      ['ends-well', 'success'],
      ['ends-badly', 'error'],
    ] as const) {
      expect(seriesValue(text, STARTS, `group="${group}"`)).toBe(1501)
      expect(seriesValue(text, EXITS, `group="${group}"`, `reason="${reason}"`)).toBe(1501)
    }
    expect(seriesValue(text, 'procwarden_lifecycle_lost_events_total')).toBe(0)
  })

  test.runIf(mayUseFanotify())('files of writers that ended at once are credited to the loop that started them', async () => {
    const root = temporaryDirectory()
    const exporter = await startExporter({ filesWatch: [root] })
    await scrape(exporter.url)
    await run(script('touches', `cd ${root}; i=0; while [ $i -lt 300 ]; do touch t$i; (: > s$i); i=$((i+1)); done`))
    const text = await scrape(exporter.url)
    expect(seriesValue(text, 'procwarden_files_created_total', `directory="${root}"`)).toBe(600)
    const credited = [...text.matchAll(/^procwarden_group_files_created_total\{group="([^"]+)"\} (\d+)$/gm)]
    expect(Object.fromEntries(credited.filter(([, , files]) => files !== '0').map(([, group, files]) => [group, Number(files)]))).toEqual({
      touches: 600,
    })
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

/** A pid namespace of its own, with the machine's /proc: the connector of process events answers in the first one alone. */
const NAMESPACED = ['unshare', '--user', '--map-root-user', '--pid', '--fork', '--kill-child']

test.runIf(spawnSync('unshare', [...NAMESPACED.slice(1), 'true']).status === 0)(
  'where the kernel tells nothing, lives are differences between scans, and that is said',
  { timeout: 60_000 },
  async () => {
    const exporter = await exporterBehind(NAMESPACED, { files: false })
    expect(exporter.stderr()).toMatch(/starts and exits are differences between scans, without reasons.*first pid namespace/)
    await scrape(exporter.url)
    const child = await temporaryProcess(script('seen-by-scans', 'read line'), [], { stdio: ['pipe', 'ignore', 'ignore'] })
    const born = await waitFor('its start', async () => {
      const text = await scrape(exporter.url)
      return seriesValue(text, STARTS, 'group="seen-by-scans"') === 1 && text
    })
    expect(born).toContain('procwarden_lifecycle_backend_info{backend="scan",reason="unsupported"} 1\n')
    expect(born).not.toContain(CRASHES)
    expect(born).not.toContain('procwarden_lifecycle_lost_events_total')
    child.stdin?.end()
    await exitOf(child)
    await waitFor('its end', async () => seriesValue(await scrape(exporter.url), EXITS, 'group="seen-by-scans"', 'reason="unknown"') === 1)
  },
)

test.runIf(mayUseNetlink() && process.getuid?.() === 0)(
  'an ordinary user is told of lives as well, with less room for those that wait',
  async () => {
    const exporter = await exporterAs({ uid: 65_534, gid: 65_534 }, { files: false })
    const first = await scrape(exporter.url)
    const backend = /lifecycle_backend_info\{backend="(\w+)",reason="(\w+)"\}/.exec(first)?.slice(1).join(' ')
    // Linux before 6.6 tells nobody without CAP_NET_ADMIN.
    expect(['netlink available', 'scan denied']).toContain(backend)
    expect(exporter.stderr().includes('they need CAP_NET_ADMIN')).toBe(backend === 'scan denied')
    const errors = (text: string): number =>
      ['seen-by-anybody', 'unknown'].reduce((sum, group) => sum + (seriesValue(text, EXITS, `group="${group}"`, 'reason="error"') ?? 0), 0)
    const program = script('seen-by-anybody', 'exit 3')
    await run(program)
    await scrape(exporter.url)
    const before = errors(await scrape(exporter.url))
    await run(program)
    expect(errors(await scrape(exporter.url)) > before).toBe(backend === 'netlink available')
  },
)
