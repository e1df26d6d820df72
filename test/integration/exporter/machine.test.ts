import { chmodSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import { execa } from 'execa'
import { describe, expect, test } from 'vitest'
import { readHealth, startSmartHealth } from '../../../src/exporter/sources/smart-health.ts'
import { findTool } from '../../../src/stack/tools.mjs'
import { scrape, seriesValue, startExporter } from '../../support/exporter.ts'
import { httpEndpoint } from '../../support/http-endpoint.ts'
import { keptLog } from '../../support/log.ts'
import { afterTest, endProcess, temporaryDirectory, temporaryProcess } from '../../support/temporary.ts'
import { waitFor } from '../../support/wait-for.ts'

function configFile(text: string): string {
  const path = `${temporaryDirectory()}/exporter.yml`
  writeFileSync(path, text)
  return path
}

describe('the machine', () => {
  test('what it tells of this one agrees with what Node knows, and passes promtool', async () => {
    const exporter = await startExporter({ files: false, processes: false })
    const text = await scrape(exporter.url)
    expect(seriesValue(text, 'procwarden_collector_success', '"host"')).toBe(1)
    expect(seriesValue(text, 'procwarden_host_memory_total_bytes')).toBe(os.totalmem())
    expect(seriesValue(text, 'procwarden_host_uptime_seconds')).toBeCloseTo(os.uptime(), -1)
    expect(seriesValue(text, 'procwarden_host_boot_time_seconds')).toBeCloseTo(Date.now() / 1000 - os.uptime(), -1)
    expect(text.match(/^procwarden_host_cpu_seconds_total\{.*mode="idle"\}/gm)).toHaveLength(os.cpus().length)
    expect(seriesValue(text, 'procwarden_host_network_up', '"lo"')).toBe(1)
    expect(text).toMatch(/^procwarden_host_filesystem_avail_bytes\{.*mountpoint="\/",.*\} [1-9]/m)
    const promtool = findTool('promtool')
    if (promtool === undefined) throw new Error('promtool is not there')
    const { stdout, stderr } = await execa(promtool, ['check', 'metrics'], { input: text })
    expect(`${stdout}${stderr}`).toBe('')
  })

  test('a connection that is open counts as such', async () => {
    const exporter = await startExporter({ files: false, processes: false })
    const text = await scrape(exporter.url)
    // This very request is one, and the exporter listens.
    expect(seriesValue(text, 'procwarden_host_tcp_connections', '"established"')).toBeGreaterThanOrEqual(2)
    expect(seriesValue(text, 'procwarden_host_tcp_connections', '"listen"')).toBeGreaterThanOrEqual(1)
  })

  test('each of these collectors can be switched off', async () => {
    const exporter = await startExporter({ files: false, host: false, probes: false, services: false })
    const text = await scrape(exporter.url)
    expect(text).not.toMatch(/procwarden_(?:host|probe|service)_|collector="(?:host|probes|services)"/)
  })
})

describe('SMART', () => {
  const smartctl = (script: string): string => {
    const path = `${temporaryDirectory()}/smartctl`
    writeFileSync(path, `#!/bin/sh\n${script}\n`)
    chmodSync(path, 0o755)
    return path
  }

  test('the verdict of each disk that has one, whatever the exit code', async () => {
    const program = smartctl(`case "$*" in
*--scan*) echo '{"devices":[{"name":"/dev/sda","type":"sat"},{"name":"/dev/nvme0","type":"nvme"},{"name":"/dev/sdb","type":"scsi"}]}' ;;
*/dev/sda) echo '{"smart_status":{"passed":true}}' ;;
*/dev/nvme0) echo '{"smart_status":{"passed":false}}'; exit 8 ;;
*) echo 'in standby'; exit 2 ;;
esac`)
    expect([...(await readHealth(program, new AbortController().signal))]).toEqual([
      ['sda', true],
      ['nvme0', false],
    ])
  })

  test('one that is not there is told apart from one that fails', async () => {
    const signal = new AbortController().signal
    await expect(readHealth('/there/is/no/smartctl', signal)).rejects.toMatchObject({ reason: 'unsupported' })
    await expect(readHealth(smartctl('exit 1'), signal)).rejects.toMatchObject({ reason: 'output' })
  })

  test('nonsense is passed over and asked again', async () => {
    const log = keptLog()
    const health = startSmartHealth({ smartctl: smartctl('echo nonsense'), intervalMs: 1, log })
    afterTest(() => health.close())
    await waitFor('a second look', () => log.lines.length > 1)
    expect(log.lines[0]?.message).toContain('no JSON')
  })
})

describe('services', () => {
  test('one is up while a process of it runs, and its group is there without one too', async () => {
    const marker = `marker-${process.pid}-${Date.now()}`
    const exporter = await startExporter({
      files: false,
      configFile: configFile(`services:
  - name: billing
    match: { cmdline: '${marker}' }
    limits: { cpu_ratio: 0.5, memory_bytes: 1000000 }
  - { name: idle, match: { exe: no-such-program } }
groups:
  - { name: everything, match: { cmdline: '.' } }
`),
    })
    const before = await scrape(exporter.url)
    expect(seriesValue(before, 'procwarden_service_up', '"billing"')).toBe(0)
    expect(seriesValue(before, 'procwarden_service_limit_cpu_ratio', '"billing"')).toBe(0.5)
    expect(seriesValue(before, 'procwarden_service_limit_memory_bytes', '"billing"')).toBe(1_000_000)
    expect(seriesValue(before, 'procwarden_service_limit_cpu_ratio', '"idle"')).toBeUndefined()
    expect(seriesValue(await scrape(exporter.url), 'procwarden_group_processes', '"idle"', '"sleeping"')).toBe(0)

    const child = await temporaryProcess('sh', ['-c', 'read line', marker], { stdio: ['pipe', 'ignore', 'ignore'] })
    const up = await waitFor('the service', async () => {
      const now = await scrape(exporter.url)
      return seriesValue(now, 'procwarden_service_up', '"billing"') === 1 && now
    })
    expect(seriesValue(up, 'procwarden_group_threads', '"billing"')).toBe(1)
    await endProcess(child)
    await waitFor('its end', async () => seriesValue(await scrape(exporter.url), 'procwarden_service_up', '"billing"') === 0)
  })
})

describe('probes and services of a configuration read anew', () => {
  test('take the place of those before', async () => {
    const url = await httpEndpoint((_request, response) => response.end('ok'))
    const path = configFile(`probes: [{ name: first, url: '${url}' }]\n`)
    const exporter = await startExporter({ files: false, processes: false, configFile: path })
    await waitFor('the first', async () => seriesValue(await scrape(exporter.url), 'procwarden_probe_up', '"first"') === 1)
    writeFileSync(
      path,
      `probes: [{ name: second, url: '${url}', expect: { body: nope } }]\nservices: [{ name: s, match: { exe: x } , limits: { cpu_ratio: 2 } }]\n`,
    )
    await exporter.reload()
    const text = await waitFor('the second', async () => {
      const now = await scrape(exporter.url)
      return seriesValue(now, 'procwarden_probe_up', '"second"') === 0 && now
    })
    expect(text).not.toContain('"first"')
    // Without processes nobody knows whether it runs.
    expect(seriesValue(text, 'procwarden_service_up', '"s"')).toBeUndefined()
    expect(seriesValue(text, 'procwarden_service_limit_cpu_ratio', '"s"')).toBe(2)
  })
})
