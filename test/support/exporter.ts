/** Owns running the exporter in tests and reading its metrics. */
import { runExporter, type ExporterOptions, type RunningExporter } from '../../src/exporter/main.ts'
import { createFanotify } from '../../src/lib/linux/fanotify.ts'
import { loadLibc } from '../../src/lib/linux/libc.ts'
import { createProcConnector } from '../../src/lib/linux/netlink-proc.ts'
import { closeSync } from 'node:fs'
import { OperationalError } from '../../src/lib/errors.ts'
import { keptLog, type KeptLog } from './log.ts'
import { afterTest } from './temporary.ts'

export interface TestExporter extends RunningExporter {
  readonly log: KeptLog
}

/** On a free port of loopback; closed after the test. */
export async function startExporter(options: ExporterOptions): Promise<TestExporter> {
  const log = keptLog()
  const running = await runExporter({ listenAddress: '127.0.0.1:0', ...options }, log)
  afterTest(() => running.close())
  return { ...running, log }
}

export async function scrape(url: string): Promise<string> {
  const response = await fetch(`${url}/metrics`)
  if (!response.ok) throw new Error(`/metrics answered ${response.status}`)
  return response.text()
}

/** The value of the one series whose name and labels contain all of `parts`; undefined when there is none. */
export function seriesValue(text: string, name: string, ...parts: string[]): number | undefined {
  const lines = text
    .split('\n')
    .filter((line) => (line.startsWith(`${name}{`) || line.startsWith(`${name} `)) && parts.every((part) => line.includes(part)))
  if (lines.length > 1) throw new Error(`${name} with ${parts.join(' ')} is not one series: ${lines.join('\n')}`)
  const value = lines[0]?.split(' ').at(-1)
  return value === undefined ? undefined : Number(value)
}

/** Whether this machine lets the tests use fanotify; without it they prove what happens instead. */
export function mayUseFanotify(): boolean {
  try {
    closeSync(createFanotify(loadLibc()).init())
    return true
  } catch (error) {
    if (error instanceof OperationalError) return false
    throw error
  }
}

/** Whether the kernel tells these tests of the lives of processes. */
export function mayUseNetlink(): boolean {
  try {
    closeSync(createProcConnector(loadLibc()).open())
    return true
  } catch (error) {
    if (error instanceof OperationalError) return false
    throw error
  }
}
