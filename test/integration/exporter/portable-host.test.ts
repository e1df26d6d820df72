import os from 'node:os'
import { expect, test } from 'vitest'
import { createHostCollector } from '../../../src/exporter/collectors/host.ts'
import { Exposition } from '../../../src/exporter/exposition.ts'
import { createHostSampler } from '../../../src/exporter/host-sampler.ts'
import { createHostSource } from '../../../src/exporter/sources/host-source.ts'
import { createPortableHostSource } from '../../../src/exporter/sources/portable-host-source.ts'
import { readKernelUnits } from '../../../src/lib/linux/sysconf.ts'
import { seriesValue } from '../../support/exporter.ts'

const clock = { nowMs: () => Date.now() }

test('what Node tells of the machine agrees with what the kernel does', async () => {
  const kernel = createHostSource({
    procfsRoot: '/proc',
    sysfsRoot: '/sys',
    units: readKernelUnits(),
    clock,
    includeNetworkFilesystems: () => false,
  })
  const [portable, native] = await Promise.all([createPortableHostSource(clock).read(), kernel.read()])
  expect(portable.kernel.cores).toHaveLength(native.kernel.cores.length)
  const idle = (snapshot: typeof native): number => snapshot.kernel.cores.reduce((sum, { seconds }) => sum + (seconds.idle ?? 0), 0)
  expect(idle(portable) / idle(native)).toBeCloseTo(1, 1)
  expect(portable.memory.get('MemTotal')).toBe(native.memory.get('MemTotal'))
  expect(portable.uptimeSeconds).toBeCloseTo(native.uptimeSeconds ?? 0, -1)
  const root = ({ filesystems }: typeof native): number | undefined =>
    filesystems.find(({ mountpoint }) => mountpoint === '/')?.room?.sizeBytes
  expect(root(portable)).toBe(root(native))
})

test('the rest is absent, and not 0', async () => {
  const out = new Exposition()
  await createHostCollector({ sampler: createHostSampler(createPortableHostSource(clock), clock), diskHealth: () => new Map() }).collect(
    out,
  )
  const text = out.toString()
  expect(seriesValue(text, 'procwarden_host_memory_total_bytes')).toBe(os.totalmem())
  expect(text).not.toMatch(/procwarden_host_(?:disk|network|tcp|pressure|forks|context)_/)
})
