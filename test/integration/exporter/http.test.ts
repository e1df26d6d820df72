import { writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { execa } from 'execa'
import { describe, expect, test } from 'vitest'
import { runExporter } from '../../../src/exporter/main.ts'
import { findTool } from '../../../src/stack/tools.mjs'
import { scrape, seriesValue, startExporter } from '../../support/exporter.ts'
import { keptLog } from '../../support/log.ts'
import { temporaryDirectory, temporaryProcess } from '../../support/temporary.ts'
import { waitFor } from '../../support/wait-for.ts'

interface ProcessJson {
  readonly pid: number
  readonly group: string
  readonly commandLine: string[]
  readonly openFds: number | null
  readonly memoryRatio: number
  readonly startTime: string
}

async function json<Answer>(url: string): Promise<Answer> {
  const response = await fetch(url)
  expect(response.status).toBe(200)
  const answer: Answer = JSON.parse(await response.text())
  return answer
}

describe('the exporter over HTTP', () => {
  test('everything it publishes passes promtool, and each family is there once', async () => {
    const exporter = await startExporter({ filesWatch: [temporaryDirectory()] })
    await scrape(exporter.url)
    const text = await scrape(exporter.url)
    const promtool = findTool('promtool')
    if (promtool === undefined) throw new Error('promtool is not there')
    const { stdout, stderr } = await execa(promtool, ['check', 'metrics'], { input: text })
    expect(`${stdout}${stderr}`).toBe('')
    const families = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name)
    expect(new Set(families).size).toBe(families.length)
    for (const name of ['procwarden_build_info', 'procwarden_group_cpu_seconds_total', 'process_resident_memory_bytes'])
      expect(families).toContain(name)
    for (const collector of ['files', 'processes', 'exporter'])
      expect(seriesValue(text, 'procwarden_collector_success', `"${collector}"`)).toBe(1)
    expect(seriesValue(text, 'procwarden_exporter_start_time_seconds')).toBeCloseTo(Date.now() / 1000, -1)
  })

  test('a busy process shows as such, with its group and its owner', async () => {
    const exporter = await startExporter({ files: false })
    await scrape(exporter.url)
    const child = await temporaryProcess('sh', ['-c', 'while :; do :; done'])
    const text = await waitFor('its CPU time', async () => {
      const now = await scrape(exporter.url)
      return (seriesValue(now, 'procwarden_process_cpu_seconds_total', `pid="${child.pid}"`, 'mode="user"') ?? 0) > 0.2 && now
    })
    const [, group] =
      /procwarden_process_info\{group="([^"]+)",pid="\d+",comm="sh"/.exec(
        text.split('\n').find((line) => line.includes(`pid="${child.pid}",comm`)) ?? '',
      ) ?? []
    expect(seriesValue(text, 'procwarden_group_cpu_seconds_total', `group="${group}"`, 'mode="user"')).toBeGreaterThan(0.1)
    expect(seriesValue(text, 'procwarden_process_start_time_seconds', `pid="${child.pid}"`)).toBeCloseTo(Date.now() / 1000, -2)
  })

  test('/api/processes lists every process with its figures', async () => {
    const exporter = await startExporter({ files: false })
    const child = await temporaryProcess('sleep', ['1000'])
    // The answer may be two seconds old, and the exporter has looked once when it started.
    const processes = await waitFor('the child', async () => {
      const listed = await json<ProcessJson[]>(`${exporter.url}/api/processes`)
      return listed.some(({ pid }) => pid === child.pid) && listed
    })
    const found = processes.find(({ pid }) => pid === child.pid)
    expect(found).toMatchObject({
      group: 'sleep',
      commandLine: ['sleep', '1000'],
      state: 'S',
      threads: 1,
      parentPid: process.pid,
      filesCreated: null,
    })
    expect(found?.memoryRatio).toBeGreaterThan(0)
    expect(found?.memoryRatio).toBeLessThan(0.01)
    expect(Math.abs(Date.parse(found?.startTime ?? '') - Date.now())).toBeLessThan(10_000)
    expect(processes.map(({ pid }) => pid)).toEqual(processes.map(({ pid }) => pid).toSorted((a, b) => a - b))
  })

  test('/api/files tells folders and writers; what is switched off is 404', async () => {
    const root = temporaryDirectory()
    const exporter = await startExporter({ filesWatch: [root], processes: false })
    writeFileSync(`${root}/x`, '')
    const files = await waitFor('the file', async () => {
      const view = await json<{ directories: Array<{ directory: string; filesCreated: number }> }>(`${exporter.url}/api/files`)
      return view.directories[0]?.filesCreated === 1 && view
    })
    expect(files).toMatchObject({ overflows: 0, directories: [{ directory: root, isRoot: true }] })
    expect((await fetch(`${exporter.url}/api/processes`)).status).toBe(404)
    expect(await scrape(exporter.url)).not.toContain('procwarden_group_')
  })

  test('healthy, ready, the landing page, and nothing for pages from elsewhere', async () => {
    const exporter = await startExporter({ files: false })
    for (const path of ['/', '/-/healthy', '/-/ready']) expect((await fetch(`${exporter.url}${path}`)).status).toBe(200)
    const status = await new Promise((resolve, reject) => {
      request(`${exporter.url}/api/processes`, { headers: { host: 'evil.example' } }, (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end()
    })
    expect(status).toBe(403)
  })

  test('a scrape during a scrape is the same scrape', async () => {
    const exporter = await startExporter({ files: false })
    const texts = await Promise.all([1, 2, 3].map(() => scrape(exporter.url)))
    const durations = texts.map((text) => seriesValue(text, 'procwarden_collector_duration_seconds', '"processes"'))
    expect(new Set(durations).size).toBeLessThan(3)
  })

  test('a /proc that cannot be read fails its collector alone', async () => {
    const root = temporaryDirectory()
    const exporter = await startExporter({ filesWatch: [root], procfs: `${root}/nowhere` })
    const text = await scrape(exporter.url)
    expect(seriesValue(text, 'procwarden_collector_success', '"processes"')).toBe(0)
    expect(seriesValue(text, 'procwarden_collector_success', '"files"')).toBe(1)
    expect(seriesValue(text, 'procwarden_files_created_total', root)).toBe(0)
    expect(
      exporter.log.lines.filter(({ level, message }) => level === 'error' && message.startsWith('the processes collector')),
    ).toHaveLength(1)
    expect((await fetch(`${exporter.url}/api/processes`)).status).toBe(503)
  })

  test('a taken port is one sentence, and nothing is left behind', async () => {
    const exporter = await startExporter({ files: false })
    const port = new URL(exporter.url).port
    await expect(runExporter({ listenAddress: `127.0.0.1:${port}`, filesWatch: [temporaryDirectory()] }, keptLog())).rejects.toThrow(
      'the port is taken',
    )
  })
})

describe('reload', () => {
  test('a bad file is refused with its faults, and the old one stays in force', async () => {
    const directory = temporaryDirectory()
    const configFile = `${directory}/exporter.yml`
    const [first, second] = [`${directory}/first`, `${directory}/second`]
    writeFileSync(configFile, `files: { watch: [{ path: ${first} }] }\n`)
    const exporter = await startExporter({ configFile })
    writeFileSync(configFile, 'files: { watch: [{ path: relative }] }\nnonsense: 1\n')
    const refused = await fetch(`${exporter.url}/-/reload`, { method: 'POST' })
    expect(refused.status).toBe(400)
    expect(await refused.text()).toMatch(/exporter\.yml:1: files\.watch\.0\.path: .*\n.*nonsense/)
    expect(seriesValue(await scrape(exporter.url), 'procwarden_files_created_total', `"${first}"`)).toBe(0)

    writeFileSync(configFile, `files: { watch: [{ path: ${second} }] }\ngroups: [{ name: renamed, match: { exe: sleep } }]\n`)
    const child = await temporaryProcess('sleep', ['1000'])
    await scrape(exporter.url)
    expect((await fetch(`${exporter.url}/-/reload`, { method: 'POST' })).status).toBe(200)
    const text = await scrape(exporter.url)
    expect(seriesValue(text, 'procwarden_files_created_total', `"${first}"`)).toBeUndefined()
    expect(seriesValue(text, 'procwarden_files_created_total', `"${second}"`)).toBe(0)
    expect(seriesValue(text, 'procwarden_process_threads', 'group="renamed"', `pid="${child.pid}"`)).toBe(1)
  })

  test('counts go on over a reload', async () => {
    const root = temporaryDirectory()
    const exporter = await startExporter({ filesWatch: [root] })
    const count = async () => seriesValue(await scrape(exporter.url), 'procwarden_files_created_total', `"${root}"`)
    writeFileSync(`${root}/1`, '')
    await waitFor('the first file', async () => (await count()) === 1)
    await exporter.reload()
    writeFileSync(`${root}/2`, '')
    expect(await waitFor('the second file', async () => (await count()) === 2)).toBe(true)
  })
})
