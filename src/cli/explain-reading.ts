/** Owns the figures that `procwarden explain` speaks of: asked of a running exporter, or read by one that runs for two looks. */
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { z } from 'zod'
import { processesSchema, type ProcessView } from '../exporter/api/list-schemas.ts'
import { overviewSchema, type OverviewView } from '../exporter/api/system-schemas.ts'
import { UsageError, messageOf } from '../lib/errors.ts'
import type { Logger } from '../lib/log.ts'
import { findRunningLoop } from '../stack/state-dir.ts'

export interface ProcessReading {
  readonly view: ProcessView
  /** Per second between two looks; null where it was not there at both, or may not be read. */
  readonly cpuCores: number | null
  readonly readBytesPerSecond: number | null
  readonly writtenBytesPerSecond: number | null
  readonly callsPerSecond: number | null
}

export interface MachineReading {
  readonly overview: OverviewView
  /** Empty unless they were asked for. */
  readonly processes: readonly ProcessReading[]
  readonly source: 'exporter' | 'own'
}

export const collectorsOff = 'Created files are not counted in two looks.'

const TIMEOUT_MS = 5_000
/** The exporter's answers may be two seconds old: only then is the next one another. */
const BETWEEN_MS = 2_100
/** Two readings of the machine, for rates. */
const WARM_MS = 1_200
const SILENT: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

/** Throws UsageError when an exporter that was named does not answer. */
export async function readMachine(
  flags: { readonly 'state.dir': string; readonly 'exporter.url'?: string },
  withProcesses: boolean,
): Promise<MachineReading> {
  const url = flags['exporter.url'] ?? findRunningLoop(path.resolve(flags['state.dir']))?.exporter
  if (url !== undefined) return readFrom(url, withProcesses, 'exporter')
  const { runExporter } = await import('../exporter/main.ts')
  const exporter = await runExporter(
    { listenAddress: '127.0.0.1:0', files: false, lifecycle: false, probes: false, services: false },
    SILENT,
  )
  try {
    await ask(exporter.url, '/api/system/overview', overviewSchema)
    await delay(WARM_MS)
    return await readFrom(exporter.url, withProcesses, 'own')
  } finally {
    await exporter.close()
  }
}

async function readFrom(url: string, withProcesses: boolean, source: MachineReading['source']): Promise<MachineReading> {
  if (!withProcesses) return { overview: await ask(url, '/api/system/overview', overviewSchema), processes: [], source }
  const before = await ask(url, '/api/processes', processesSchema)
  const beforeMs = performance.now()
  await delay(BETWEEN_MS)
  const now = await ask(url, '/api/processes', processesSchema)
  const seconds = (performance.now() - beforeMs) / 1000
  const earlier = new Map(before.map((view) => [`${view.pid} ${view.startTime}`, view]))
  const processes = now.map((view) => readingOf(view, earlier.get(`${view.pid} ${view.startTime}`), seconds))
  return { overview: await ask(url, '/api/system/overview', overviewSchema), processes, source }
}

function readingOf(view: ProcessView, before: ProcessView | undefined, seconds: number): ProcessReading {
  const perSecond = (now: number | null, then: number | null | undefined): number | null =>
    now === null || then === null || then === undefined ? null : Math.max(0, now - then) / seconds
  const [reads, writes] = [perSecond(view.readOperations, before?.readOperations), perSecond(view.writeOperations, before?.writeOperations)]
  return {
    view,
    cpuCores: perSecond(view.cpuSeconds, before?.cpuSeconds),
    readBytesPerSecond: perSecond(view.readBytes, before?.readBytes),
    writtenBytesPerSecond: perSecond(view.writtenBytes, before?.writtenBytes),
    callsPerSecond: reads === null || writes === null ? null : reads + writes,
  }
}

async function ask<Answer>(url: string, route: string, schema: z.ZodType<Answer>): Promise<Answer> {
  try {
    const response = await fetch(new URL(route, url), { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'error' })
    if (!response.ok) throw new Error(`it answered ${response.status}`)
    return schema.parse(await response.json())
  } catch (error) {
    const why = error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : messageOf(error)
    throw new UsageError(`the exporter at ${url} cannot tell: ${why}; name another with --exporter.url`, error)
  }
}
