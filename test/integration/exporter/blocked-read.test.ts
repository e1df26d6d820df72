import { spawnSync } from 'node:child_process'
import { closeSync, cpSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeEach, expect, test } from 'vitest'
import { createWorkerProcessSource } from '../../../src/exporter/sources/worker-process-source.ts'
import { scrape, seriesValue, startExporter } from '../../support/exporter.ts'
import { afterTest, exitOf, temporaryDirectory, temporaryProcess } from '../../support/temporary.ts'
import { waitFor } from '../../support/wait-for.ts'

const FIXTURE = fileURLToPath(new URL('../../fixtures/proc', import.meta.url))
const BIN = fileURLToPath(new URL('../../../bin/procwarden', import.meta.url))
const HUNG = 900

/** A tree as /proc, in which opening a pipe without a writer blocks, as a read of a hung process does. */
let procfs: string
beforeEach(() => {
  procfs = temporaryDirectory()
  cpSync(FIXTURE, procfs, { recursive: true, verbatimSymlinks: true })
})

function addProcess(pid: number): string {
  const folder = `${procfs}/${pid}`
  mkdirSync(`${folder}/fd`, { recursive: true })
  const stat = readFileSync(`${FIXTURE}/420/stat`, 'latin1').replace('420 (python3) R', `${pid} (hung daemon) D`)
  writeFileSync(`${folder}/stat`, stat)
  writeFileSync(`${folder}/io`, 'rchar: 1\nwchar: 1\nsyscr: 1\nsyscw: 1\nread_bytes: 1\nwrite_bytes: 1\ncancelled_write_bytes: 0\n')
  writeFileSync(`${folder}/cmdline`, '/usr/sbin/hung-daemon\0')
  return folder
}

function block(path: string): void {
  rmSync(path, { force: true })
  spawnSync('mkfifo', [path])
  afterTest(() => unblock(path))
}

/** As many readers as wait there go on; those to come do not wait. */
function unblock(path: string): void {
  if (existsSync(path)) closeSync(openSync(path, 'r+'))
}

test('a read that blocks for ever costs one scrape: the last result is served, then all but the details of that process', async () => {
  const exporter = await startExporter({ procfs, files: false, host: false, lifecycle: false })
  const success = (text: string) => seriesValue(text, 'procwarden_collector_success', '"processes"')
  const before = await scrape(exporter.url)
  expect(success(before)).toBe(1)
  const folder = addProcess(HUNG)
  block(`${folder}/cmdline`)
  const during = await scrape(exporter.url)
  expect(success(during)).toBe(0)
  expect(seriesValue(during, 'procwarden_process_resident_memory_bytes', 'pid="420"')).toBe(245_760_000)
  expect(exporter.log.lines.filter(({ level }) => level === 'error').map(({ message }) => message)).toEqual([
    expect.stringContaining(`a read of process ${HUNG} (its details) blocks in the kernel`),
  ])
  for (let again = 0; again < 2; again++) {
    const after = await scrape(exporter.url)
    expect(success(after)).toBe(1)
    expect(seriesValue(after, 'procwarden_process_threads', `pid="${HUNG}"`, 'group="hung daemon"')).toBe(4)
    expect(seriesValue(after, 'procwarden_process_read_operations_total', `pid="${HUNG}"`)).toBeUndefined()
    expect(seriesValue(after, 'procwarden_process_read_operations_total', 'pid="420"')).toBe(77)
    expect((await fetch(`${exporter.url}/-/healthy`)).status).toBe(200)
  }
})

test('the read that hung comes back: the process is read in full again', async () => {
  const source = createWorkerProcessSource({ procfsRoot: procfs, descriptorsMax: 100 })
  afterTest(() => source.close())
  const folder = addProcess(HUNG)
  block(`${folder}/cmdline`)
  await expect(source.scan()).rejects.toThrow(`process ${HUNG} (its details) blocks`)
  const find = async () => (await source.scan()).samples.find(({ pid }) => pid === HUNG)
  const figures = await find()
  expect(figures).toMatchObject({ comm: 'hung daemon', state: 'D', userSeconds: 900, systemSeconds: 12 })
  expect(figures).not.toHaveProperty('details')
  const { unreadable } = await source.scan()
  expect(unreadable).toEqual({ io: 2, fd: 2, exe: 2, status: 1, limits: 4 })
  const fd = openSync(`${folder}/cmdline`, 'r+')
  rmSync(`${folder}/cmdline`)
  writeFileSync(`${folder}/cmdline`, '/usr/sbin/hung-daemon\0--now\0')
  closeSync(fd)
  const details = await waitFor('its details', async () => (await find())?.details)
  expect(details.cmdline).toEqual(['/usr/sbin/hung-daemon', '--now'])
})

test('one whose figures block is left as it was last read', async () => {
  const source = createWorkerProcessSource({ procfsRoot: procfs, descriptorsMax: 0 })
  afterTest(() => source.close())
  const folder = addProcess(HUNG)
  const before = (await source.scan()).samples.find(({ pid }) => pid === HUNG)
  block(`${folder}/stat`)
  await expect(source.scan()).rejects.toThrow(`process ${HUNG} (its figures) blocks`)
  const { samples } = await source.scan()
  expect(samples.find(({ pid }) => pid === HUNG)).toBe(before)
  expect(samples.filter(({ pid }) => pid === 420)).toHaveLength(1)
  rmSync(folder, { recursive: true })
  expect((await source.scan()).samples.some(({ pid }) => pid === HUNG)).toBe(false)
})

test("when the machine's own files block, no thread after thread is spent on them", async () => {
  const source = createWorkerProcessSource({ procfsRoot: procfs, descriptorsMax: 0 })
  afterTest(() => source.close())
  block(`${procfs}/uptime`)
  await expect(source.scan()).rejects.toThrow("the machine's own files in /proc blocks")
  await expect(source.scan()).rejects.toThrow("the machine's own files in /proc still blocks")
  const fd = openSync(`${procfs}/uptime`, 'r+')
  rmSync(`${procfs}/uptime`)
  writeFileSync(`${procfs}/uptime`, '10000.00 1.00\n')
  closeSync(fd)
  await waitFor('a scan', async () => (await source.scan().catch(() => undefined))?.samples.length)
})

test('an exporter with a thread that hangs still ends when it is told to', async () => {
  block(`${addProcess(HUNG)}/cmdline`)
  const flags = ['host', 'files', 'lifecycle'].map((name) => `--no-collector.${name}`)
  const child = await temporaryProcess(BIN, ['exporter', '--web.listen-address=127.0.0.1:0', `--path.procfs=${procfs}`, ...flags], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let text = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  const url = await waitFor('its address', () => /http:\S+(?=\/metrics)/.exec(text)?.[0])
  // It met the blocked read before it served.
  expect(seriesValue(await scrape(url), 'procwarden_collector_success', '"processes"')).toBe(1)
  child.kill('SIGTERM')
  expect(await exitOf(child)).toBe(0)
})
