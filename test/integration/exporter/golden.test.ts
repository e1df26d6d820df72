import { execFileSync } from 'node:child_process'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { findTool } from '../../../src/stack/tools.mjs'
import { scrape, seriesValue, startExporter } from '../../support/exporter.ts'
import { httpEndpoint } from '../../support/http-endpoint.ts'
import { temporaryDirectory } from '../../support/temporary.ts'
import { waitFor } from '../../support/wait-for.ts'

const path = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url))

/** Families whose values follow the clock, this machine or this run; their names, types, help and labels do not. */
const CHANGING = [
  /^procwarden_\w*start_time_seconds$/,
  /^procwarden_collector_duration_seconds$/,
  /^procwarden_host_boot_time_seconds$/,
  /^procwarden_host_filesystem_(?:size|free|avail)_bytes$/,
  /^procwarden_host_filesystem_files(?:_free)?$/,
  /^procwarden_probe_(?:duration_seconds|latency_seconds_(?:sum|bucket|count))$/,
  /^(?:process|nodejs)_/,
]

test('the whole output for a fixed machine is the golden one (UPDATE_GOLDEN=1 writes it anew)', async () => {
  const procfs = temporaryDirectory()
  for (const tree of ['host/proc', 'proc']) cpSync(path(`fixtures/${tree}`), procfs, { recursive: true, verbatimSymlinks: true })
  const watched = temporaryDirectory()
  const url = await httpEndpoint((_request, response) => void response.end('well'))
  const configFile = `${temporaryDirectory()}/exporter.yml`
  writeFileSync(
    configFile,
    `services:
  - { name: memory, match: { cmdline: memory_daemon }, limits: { cpu_ratio: 0.5, memory_bytes: 1000000 } }
  - { name: absent, match: { exe: no-such-program } }
probes:
  - { name: web, url: '${url}', expect: { body: well }, interval_seconds: 3600 }
host: { smart_interval_minutes: 0 }
files:
  backend: chokidar
  watch: [{ path: '${watched}', depth: 1 }]
`,
  )
  const exporter = await startExporter({ configFile, procfs, sysfs: path('fixtures/host/sys') })
  writeFileSync(`${watched}/one`, '')
  const text = await waitFor('the file and the probe', async () => {
    const now = await scrape(exporter.url)
    const isDone = seriesValue(now, 'procwarden_files_created_total') === 1 && seriesValue(now, 'procwarden_probe_up') === 1
    return isDone && now
  })
  const golden = path('golden/exporter.txt')
  const fixed = fix(text, watched)
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(golden, fixed)
  expect(fixed).toBe(readFileSync(golden, 'utf8'))
  const promtool = findTool('promtool')
  if (promtool === undefined) throw new Error('promtool is not there')
  // It says what it finds on standard error and ends with 3.
  execFileSync(promtool, ['check', 'metrics'], { input: text })
})

function fix(text: string, watched: string): string {
  return text
    .split('\n')
    .filter((line) => !/^(?:# \w+ )?(?:process|nodejs)_/.test(line))
    .map((line) => {
      const name = /^\w+/.exec(line)?.[0] ?? ''
      const value = CHANGING.some((pattern) => pattern.test(name)) ? line.replace(/ \S+$/, ' VALUE') : line
      return value
        .replaceAll(watched, '/watched')
        .replace(/user="(?!root")[^"]+"/, 'user="USER"')
        .replace(/(procwarden_build_info)\{.*\}/, '$1{...}')
    })
    .join('\n')
}
