/** Tests that a real Prometheus starts from exactly the shipped file and loads every rule. */
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { ROOT, readRuleFiles, requireTool } from '../rules/shipped-rules.ts'
import { freePort, startProgram, type RunningProgram } from './running-program.ts'

let folder: string
let prometheus: RunningProgram

beforeEach(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'procwarden-prometheus-'))
  const address = `127.0.0.1:${await freePort()}`
  const args = [
    `--config.file=${path.join(ROOT, 'prometheus/prometheus.yml')}`,
    `--storage.tsdb.path=${folder}`,
    `--web.listen-address=${address}`,
  ]
  prometheus = await startProgram(requireTool('prometheus'), args, `http://${address}`)
})

afterEach(async () => {
  await prometheus.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('Prometheus starts from the shipped configuration, with every rule and both jobs', async () => {
  const Rules = z.object({
    data: z.object({
      groups: z.array(z.object({ name: z.string(), interval: z.number(), rules: z.array(z.object({ name: z.string() })) })),
    }),
  })
  const { groups } = Rules.parse(await get('rules')).data
  const shipped = [...readRuleFiles().values()].flatMap((file) => file.groups)
  const counted = (some: ReadonlyArray<{ name: string; rules: readonly unknown[] }>) =>
    Object.fromEntries(some.map((group) => [group.name, group.rules.length]))
  expect(counted(groups)).toEqual(counted(shipped))
  // As often as is scraped.
  expect(groups.find((group) => group.name === 'procwarden-files')?.interval).toBe(5)

  const Targets = z.object({ data: z.object({ activeTargets: z.array(z.object({ scrapePool: z.string() })) }) })
  // Prometheus hands targets to its scrapers some seconds after it is ready.
  await vi.waitFor(
    async () => {
      const pools = Targets.parse(await get('targets')).data.activeTargets.map((target) => target.scrapePool)
      expect(pools.toSorted()).toEqual(['procwarden-exporter', 'procwarden-remediator'])
    },
    { timeout: 20_000, interval: 100 },
  )
})

async function get(what: string): Promise<unknown> {
  return (await fetch(`${prometheus.url}/api/v1/${what}`)).json()
}
