import { expect, test } from 'vitest'
import { createPortableProcessSource } from '../../../src/exporter/sources/portable-process-source.ts'
import { scrape, seriesValue, startExporter } from '../../support/exporter.ts'
import { temporaryDirectory, temporaryProcess } from '../../support/temporary.ts'
import { writeFileSync } from 'node:fs'

test('the portable source sees a real busy child as what it is, and no longer once it has ended', async () => {
  const child = await temporaryProcess('sh', ['-c', 'while true; do true; done'])
  const source = createPortableProcessSource()
  const find = async () => (await source.scan()).samples.find(({ pid }) => pid === child.pid)
  const first = await find()
  expect(first).toMatchObject({ pid: child.pid, ppid: process.pid, comm: 'sh', isKernelThread: false })
  expect(first?.details?.cmdline.slice(0, 2)).toEqual(['sh', '-c'])
  expect(Math.abs((first?.startTimeSeconds ?? 0) - Date.now() / 1000)).toBeLessThan(60)
  expect(first?.residentBytes).toBeGreaterThan(100_000)
  expect(first?.virtualBytes).toBeGreaterThan(first?.residentBytes ?? Infinity)
  const second = await find()
  expect(second?.startTicks).toBe(first?.startTicks)
  expect(second?.undividedSeconds).toBeGreaterThan(first?.undividedSeconds ?? Infinity)
  expect(first).not.toHaveProperty('openFds')
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
  expect(await find()).toBeUndefined()
  await source.close()
})

test('an exporter on it publishes what it knows and leaves out what it does not', async () => {
  const config = `${temporaryDirectory()}/exporter.yml`
  // It starts programs for a scan, which takes its time on a machine that is busy with other tests.
  writeFileSync(config, 'collector_deadline_seconds: 30\nprocesses: { backend: portable, per_process_max: 10000 }\n')
  const exporter = await startExporter({ configFile: config, files: false })
  const child = await temporaryProcess('sleep', ['1000'])
  const text = await scrape(exporter.url)
  const labels = ['group="sleep"', `pid="${child.pid}"`]
  expect(seriesValue(text, 'procwarden_collector_success', '"processes"')).toBe(1)
  expect(seriesValue(text, 'procwarden_process_resident_memory_bytes', ...labels)).toBeGreaterThan(100_000)
  expect(seriesValue(text, 'procwarden_process_cpu_seconds_total', ...labels, 'mode="undivided"')).toBeGreaterThanOrEqual(0)
  expect(seriesValue(text, 'procwarden_process_cpu_seconds_total', ...labels, 'mode="user"')).toBeUndefined()
  for (const family of ['open_fds', 'threads', 'read_bytes_total'])
    expect(seriesValue(text, `procwarden_process_${family}`, ...labels)).toBeUndefined()
})
