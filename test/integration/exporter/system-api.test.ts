import { symlinkSync } from 'node:fs'
import os from 'node:os'
import { describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { filesSchema, processesSchema } from '../../../src/exporter/api/list-schemas.ts'
import {
  cpuSchema,
  diskSchema,
  memorySchema,
  networkSchema,
  overviewSchema,
  statusSchema,
} from '../../../src/exporter/api/system-schemas.ts'
import { scrape, seriesValue, startExporter } from '../../support/exporter.ts'
import { exporterAs } from '../../support/exporter-process.ts'
import { temporaryDirectory, temporaryProcess } from '../../support/temporary.ts'
import { waitFor } from '../../support/wait-for.ts'

async function answer<Schema extends z.ZodType>(url: string, path: string, schema: Schema): Promise<z.infer<Schema>> {
  const response = await fetch(`${url}${path}`)
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toContain('application/json')
  return schema.parse(await response.json())
}

describe('/api', () => {
  test('status says who answers and since when', async () => {
    const exporter = await startExporter({ files: false })
    const status = await answer(exporter.url, '/api/status', statusSchema)
    expect(status.collectors).toEqual(expect.arrayContaining(['host', 'probes', 'processes', 'services']))
    expect(Math.abs(Date.parse(status.startedAt) - Date.now())).toBeLessThan(20_000)
  })

  test('each part of the system fits its schema and agrees with what Node knows', async () => {
    const exporter = await startExporter({ files: false })
    const cpu = await answer(exporter.url, '/api/system/cpu', cpuSchema)
    expect(cpu.cores).toHaveLength(os.cpus().length)
    expect(cpu.model).toBe(os.cpus()[0]?.model)
    const memory = await answer(exporter.url, '/api/system/memory', memorySchema)
    expect(memory.totalBytes).toBe(os.totalmem())
    expect(memory.usedRatio).toBeGreaterThan(0)
    const disk = await answer(exporter.url, '/api/system/disk', diskSchema)
    expect(disk.filesystems.find(({ mountpoint }) => mountpoint === '/')?.usedRatio).toBeGreaterThan(0)
    const network = await answer(exporter.url, '/api/system/network', networkSchema)
    expect(network.interfaces.find(({ device }) => device === 'lo')).toMatchObject({ isUp: true })
  })

  test('one reading serves them all, and rates come with a second', async () => {
    const exporter = await startExporter({ files: false, processes: false })
    const first = await answer(exporter.url, '/api/system/cpu', cpuSchema)
    const second = await answer(exporter.url, '/api/system/disk', diskSchema)
    expect(second.readAt).toBe(first.readAt)
    expect(first.windowSeconds === null).toBe(first.usageRatio === null)
    const later = await waitFor('a second reading', async () => {
      const askedMs = Date.now()
      const view = await answer(exporter.url, '/api/system/cpu', cpuSchema)
      expect(askedMs - Date.parse(view.readAt)).toBeLessThan(2000)
      return view.windowSeconds !== null && view.readAt !== first.readAt && view
    })
    expect(later.usageRatio).toBeGreaterThanOrEqual(0)
    const shares = Object.values(later.modeRatios ?? {})
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5)
    expect(
      (await answer(exporter.url, '/api/system/network', networkSchema)).interfaces.every((each) => each.receivedBytesPerSecond !== null),
    ).toBe(true)
  })

  test('a busy process is at the top of the overview, classified, and the sentence names its kind', async () => {
    // A script named like a backup program that the shipped rules know, and that does nothing but use a CPU.
    const script = `${temporaryDirectory()}/restic`
    symlinkSync(new URL('../../fixtures/busy-loop.mjs', import.meta.url).pathname, script)
    const exporter = await startExporter({ files: false })
    const child = await temporaryProcess(process.execPath, [script])
    const overview = await waitFor('the busy process', async () => {
      const view = await answer(exporter.url, '/api/system/overview', overviewSchema)
      const found = view.topProcesses.find(({ pid }) => pid === child.pid)
      return view.windowSeconds !== null && found !== undefined && found.cpuCores > 0.1 && { view, found }
    })
    expect(overview.found).toMatchObject({ group: 'restic', category: 'backup', confidence: 0.9, sentence: 'restic is a backup program' })
    expect(overview.view.cpu.cores).toBe(os.cpus().length)
    // Whether the machine is busy depends on what else runs on it.
    const expected = overview.view.isHigh ? /due to: .*backup process/ : /^System load normal: \d+ % of the processors/
    expect(overview.view.sentence).toMatch(expected)
  })

  test('without processes the overview has none; without the host collector there is no such thing', async () => {
    const without = await startExporter({ files: false, processes: false })
    expect((await answer(without.url, '/api/system/overview', overviewSchema)).topProcesses).toEqual([])
    const off = await startExporter({ files: false, host: false })
    const response = await fetch(`${off.url}/api/system/cpu`)
    expect([response.status, await response.json()]).toEqual([404, { error: 'the host collector is switched off' }])
  })

  test('a machine that cannot be read is a failure that says nothing of why', async () => {
    const directory = temporaryDirectory()
    const exporter = await startExporter({ files: false, procfs: directory })
    const response = await fetch(`${exporter.url}/api/system/memory`)
    expect(response.status).toBe(503)
    expect(await response.text()).not.toContain(directory)
  })

  test('without privileges every collector and every part answers, or says what is absent', { timeout: 60_000 }, async () => {
    const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
    const exporter = await exporterAs(user, { filesWatch: ['/nowhere'] })
    await answer(exporter.url, '/api/status', statusSchema)
    expect((await answer(exporter.url, '/api/processes', processesSchema)).some(({ pid }) => pid === 1)).toBe(true)
    await answer(exporter.url, '/api/files', filesSchema)
    const overview = await answer(exporter.url, '/api/system/overview', overviewSchema)
    expect(overview.sentence).toMatch(/^System load /)
    expect(overview.topProcesses.length).toBeGreaterThan(0)
    await answer(exporter.url, '/api/system/cpu', cpuSchema)
    await answer(exporter.url, '/api/system/memory', memorySchema)
    await answer(exporter.url, '/api/system/disk', diskSchema)
    await answer(exporter.url, '/api/system/network', networkSchema)
    const text = await scrape(exporter.url)
    const verdicts = [...text.matchAll(/^procwarden_collector_success\{collector="(\w+)"\} (\d)/gm)].map(([, name, verdict]) => [
      name,
      verdict,
    ])
    expect(verdicts).toEqual(['files', 'processes', 'lifecycle', 'host', 'probes', 'services', 'exporter'].map((name) => [name, '1']))
    const hidden = seriesValue(text, 'procwarden_processes_unreadable', 'source="exe"')
    expect(hidden).toBeGreaterThan(user.uid === undefined ? -1 : 0)
  })
})
