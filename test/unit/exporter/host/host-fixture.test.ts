import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { createHostCollector } from '../../../../src/exporter/collectors/host.ts'
import { Exposition } from '../../../../src/exporter/exposition.ts'
import { createHostSampler } from '../../../../src/exporter/host-sampler.ts'
import { createHostSource } from '../../../../src/exporter/sources/host-source.ts'
import { FakeClock } from '../../../support/clock.ts'
import { temporaryDirectory } from '../../../support/temporary.ts'

const path = (name: string): string => fileURLToPath(new URL(`../../../${name}`, import.meta.url))

function sourceOf(procfsRoot: string, sysfsRoot: string, clock = new FakeClock()) {
  return createHostSource({
    procfsRoot,
    sysfsRoot,
    clock,
    units: { clockTicksPerSecond: 100, pageSizeBytes: 4096 },
    includeNetworkFilesystems: () => false,
  })
}

async function output(procfsRoot: string, sysfsRoot: string): Promise<string> {
  const clock = new FakeClock()
  const sampler = createHostSampler(sourceOf(procfsRoot, sysfsRoot, clock), clock)
  const out = new Exposition()
  await createHostCollector({
    sampler,
    diskHealth: () =>
      new Map([
        ['sda', true],
        ['sdb', false],
      ]),
  }).collect(out)
  return out.toString()
}

test('the output for the fixture is the golden one (UPDATE_GOLDEN=1 writes it anew)', async () => {
  const text = await output(path('fixtures/host/proc'), path('fixtures/host/sys'))
  // The room of file systems is this machine's, as the fixture names its root and /tmp.
  const fixed = text.replaceAll(
    /^(procwarden_host_filesystem_(?:size|free|avail)_bytes|procwarden_host_filesystem_files(?:_free)?)(\{.*\}) .*$/gm,
    '$1$2 ROOM',
  )
  const golden = path('golden/exporter-host.txt')
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(golden, fixed)
  expect(fixed).toBe(readFileSync(golden, 'utf8'))
})

test('a machine that tells nothing but its CPUs has series of nothing but those', async () => {
  const root = temporaryDirectory()
  writeFileSync(`${root}/stat`, 'cpu0 1 2 3 4\n')
  const text = await output(root, `${root}/nowhere`)
  expect([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name)).toEqual([
    'procwarden_host_cpu_seconds_total',
    'procwarden_host_disk_smart_healthy',
  ])
})

test('a machine that cannot be read at all is a failure', async () => {
  const root = temporaryDirectory()
  await expect(output(root, root)).rejects.toThrow('the machine cannot be read')
})

test('readings asked for at once are one reading', async () => {
  const source = sourceOf(path('fixtures/host/proc'), path('fixtures/host/sys'))
  const [first, second] = await Promise.all([source.read(), source.read()])
  expect(second).toBe(first)
  expect(await source.read()).not.toBe(first)
})

test('the sampler reads anew only when its reading is too old, and keeps an earlier one to tell rates by', async () => {
  const clock = new FakeClock()
  const sampler = createHostSampler(sourceOf(path('fixtures/host/proc'), path('fixtures/host/sys'), clock), clock)
  const first = await sampler.latest(2000)
  expect(first.before).toBeUndefined()
  clock.advance(500)
  expect((await sampler.latest(2000)).now).toBe(first.now)
  // Too soon after the first to tell a rate by: it takes the first's place, and there is still nothing before it.
  const second = await sampler.latest(0)
  expect(second.now).not.toBe(first.now)
  expect(second.before).toBeUndefined()
  clock.advance(5000)
  const third = await sampler.latest(2000)
  expect(third.before).toBe(second.now)
  clock.now -= 60_000
  expect((await sampler.latest(2000)).before).toBeUndefined()
})
