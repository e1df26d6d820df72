/**
 * Owns `npm run bench:scan`: what one scrape of all processes costs, against others, in one run. Leaves no process behind.
 * Flags: --sizes 200,2000,10000  --scrapes 20 (of each contender)  --json  --only NAME (part of a contender's name; repeatable)
 * --as-built (measure dist/ as it is, without compiling the sources)
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { createChildren, type Children } from './lib/children.ts'
import { machine, say, wholeNumber } from './lib/command.ts'
import { buildExporter } from './lib/exporter.ts'
import { appsPlugin, processExporter, procwarden, reader, type Contender } from './scan/contenders.ts'
import { measure, type Measurement } from './scan/measure.ts'
import { findAppsPlugin, findProcessExporter } from './scan/peers.ts'
import { formatReport, verdicts } from './scan/report.ts'

const SIZE_MAX = 20_000

const { values: flags } = parseArgs({
  options: {
    sizes: { type: 'string', default: '200,2000,10000' },
    scrapes: { type: 'string', default: '20' },
    only: { type: 'string', multiple: true, default: [] },
    json: { type: 'boolean', default: false },
    'as-built': { type: 'boolean', default: false },
  },
})
const sizes = flags.sizes.split(',').map((size) => wholeNumber('--sizes', size, SIZE_MAX))
const scrapes = wholeNumber('--scrapes', flags.scrapes, 10_000)
const stop = new AbortController()
const work = mkdtempSync(path.join(os.tmpdir(), 'procwarden-bench-'))
let children = createChildren()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => void end(130))

try {
  const measurements = await run()
  const output = flags.json
    ? JSON.stringify({ machine: machine(), measurements, verdicts: verdicts(measurements) }, undefined, 2)
    : `${machine()}\n\n${formatReport(measurements)}`
  process.stdout.write(`${output}\n`)
  await end(0)
} catch (error) {
  if (!stop.signal.aborted) say(error instanceof Error ? error.message : String(error))
  await end(1)
}

async function run(): Promise<Measurement[]> {
  if (!flags['as-built']) {
    say('compiling the exporter')
    buildExporter()
  }
  const [sleepers, cReader] = ['sleepers', 'reader'].map((name) => compile(name))
  const wanted = (name: string): boolean => flags.only.length === 0 || flags.only.some((part) => name.includes(part))
  const processExporterPeer = wanted('process-exporter') ? await findProcessExporter(say, stop.signal) : undefined
  const appsPluginPeer = wanted('apps.plugin') ? await findAppsPlugin(say, stop.signal) : undefined
  const contenders = async (of: Children): Promise<Contender[]> => [
    ...(wanted('procwarden') ? [await procwarden(of)] : []),
    ...(cReader !== undefined && wanted('reader') ? [reader(of, cReader, 'kept'), reader(of, cReader, 'opened')] : []),
    ...(appsPluginPeer ? [appsPlugin(of, appsPluginPeer)] : []),
    ...(processExporterPeer
      ? [await processExporter(of, processExporterPeer, path.join(import.meta.dirname, 'scan/process-exporter.yml'))]
      : []),
  ]
  const measurements: Measurement[] = []
  for (const processes of sizes) {
    measurements.push(await measure(children, { processes, scrapes, sleepers: sleepers ?? '', contenders, say }))
    await children.close()
    children = createChildren()
  }
  return measurements
}

/** Throws where there is no C compiler: without a population there is nothing to measure. */
function compile(name: string): string {
  const output = path.join(work, name)
  execFileSync('cc', ['-O2', '-o', output, path.join(import.meta.dirname, 'scan', `${name}.c`)], { stdio: ['ignore', 2, 2] })
  return output
}

async function end(code: number): Promise<never> {
  stop.abort()
  await children.close()
  rmSync(work, { recursive: true, force: true })
  process.exit(code)
}
