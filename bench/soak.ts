/**
 * Owns `npm run bench:soak`: whether the exporter's memory stays where it is, scraped as Prometheus does.
 * Flags: --minutes 30  --processes 300  --interval-seconds 5  --as-built (measure dist/ as it is, without compiling the sources)
 * --watch FOLDER (the files collector watches only that: what other programs write meanwhile is then nothing to remember)
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createChildren } from './lib/children.ts'
import { buildExporter, scrape, startExporter } from './lib/exporter.ts'
import { median } from './lib/statistics.ts'
import { cpuMs, memoryUse } from './lib/usage.ts'

interface Sample {
  readonly minute: number
  readonly anonymousMb: number
}

/** Until then caches fill and code is compiled. */
const SETTLED_AFTER_MINUTES = 5
const GROWTH_MB_MAX = 2

const { values: flags } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    processes: { type: 'string', default: '300' },
    'interval-seconds': { type: 'string', default: '5' },
    'as-built': { type: 'boolean', default: false },
    watch: { type: 'string', multiple: true, default: [] },
  },
})
const [minutes, processes, intervalSeconds] = [flags.minutes, flags.processes, flags['interval-seconds']].map(positive)
const work = mkdtempSync(path.join(os.tmpdir(), 'procwarden-soak-'))
const children = createChildren()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => void end(130))

try {
  await soak(minutes ?? 30, processes ?? 300, (intervalSeconds ?? 5) * 1000)
  await end(0)
} catch (error) {
  process.stderr.write(`soak: ${error instanceof Error ? error.message : String(error)}\n`)
  await end(1)
}

async function soak(lengthMinutes: number, population: number, intervalMs: number): Promise<void> {
  if (!flags['as-built']) buildExporter()
  const sleepers = path.join(work, 'sleepers')
  execFileSync('cc', ['-O2', '-o', sleepers, path.join(import.meta.dirname, 'scan/sleepers.c')], { stdio: ['ignore', 2, 2] })
  await children.start(sleepers, [String(population)]).line(/^ready/)
  const { program, url } = await startExporter(
    children,
    flags.watch.flatMap((folder) => ['--collector.files.watch', folder]),
  )
  const agent = new http.Agent({ keepAlive: true })
  const samples: Sample[] = []
  const startMs = performance.now()
  let settledCpuMs: number | undefined
  let settledMs = startMs
  for (let nextMs = startMs; nextMs < startMs + lengthMinutes * 60_000; nextMs += intervalMs) {
    await delay(Math.max(0, nextMs - performance.now()))
    await scrape(url, agent)
    const nowMs = performance.now()
    const minute = (nowMs - startMs) / 60_000
    samples.push({ minute, anonymousMb: memoryUse(program.pid).anonymousBytes / 1e6 })
    if (minute >= 1 && settledCpuMs === undefined) {
      settledCpuMs = cpuMs(program.pid)
      settledMs = nowMs
    }
    sayMinute(samples)
  }
  const elapsedMs = performance.now() - settledMs
  const share = settledCpuMs === undefined ? undefined : ((cpuMs(program.pid) - settledCpuMs) / elapsedMs) * 100
  process.stdout.write(`${population} processes, scraped every ${intervalMs / 1000} s for ${lengthMinutes} minutes\n`)
  for (const [minute, megabytes] of byMinute(samples)) process.stdout.write(`minute ${minute}: ${megabytes.toFixed(1)} MB anonymous\n`)
  if (share !== undefined) process.stdout.write(`CPU after the first minute: ${share.toFixed(2)} % of one core\n`)
  process.stdout.write(`${growth(samples)}\n`)
}

/** The median of each minute: between two collections of garbage the memory rises and falls. */
function byMinute(samples: readonly Sample[]): Map<number, number> {
  const minutesSeen = [...new Set(samples.map(({ minute }) => Math.floor(minute)))]
  const of = (wanted: number): number[] => samples.filter(({ minute }) => Math.floor(minute) === wanted).map((sample) => sample.anonymousMb)
  return new Map(minutesSeen.map((minute) => [minute, median(of(minute))]))
}

function growth(samples: readonly Sample[]): string {
  const settled = [...byMinute(samples)].filter(([minute]) => minute >= SETTLED_AFTER_MINUTES).map(([, megabytes]) => megabytes)
  const [first, last] = [settled[0], settled.at(-1)]
  if (first === undefined || last === undefined || settled.length < 2) return 'too short to tell the growth after the first five minutes'
  const grown = last - first
  return `growth after the first five minutes: ${grown.toFixed(2)} MB (at most ${GROWTH_MB_MAX} MB: ${grown <= GROWTH_MB_MAX ? 'met' : 'MISSED'})`
}

function sayMinute(samples: readonly Sample[]): void {
  const [before, last] = samples.slice(-2)
  if (before === undefined || last === undefined || Math.floor(before.minute) === Math.floor(last.minute)) return
  process.stderr.write(`soak: minute ${Math.floor(last.minute)}: ${last.anonymousMb.toFixed(1)} MB anonymous\n`)
}

function positive(text: string): number {
  const value = Number(text)
  if (value > 0 && Number.isFinite(value)) return value
  process.stderr.write(`soak: "${text}" is not a positive number\n`)
  return process.exit(2)
}

async function end(code: number): Promise<never> {
  await children.close()
  rmSync(work, { recursive: true, force: true })
  process.exit(code)
}
