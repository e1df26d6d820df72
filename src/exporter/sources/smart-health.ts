/** Owns the health that disks report of themselves, through smartctl, asked in the background every some minutes and never for a scrape. */
import { execa } from 'execa'
import { z } from 'zod'
import { OperationalError, messageOf } from '../../lib/errors.ts'
import type { Logger } from '../../lib/log.ts'

export interface SmartHealthOptions {
  /** A name on PATH, or a path. */
  readonly smartctl: string
  readonly intervalMs: number
  readonly log: Logger
}

export interface SmartHealth {
  /** By device, such as `sda`; empty until the first look is done, and where there is no smartctl or no permission. */
  readonly healthy: () => ReadonlyMap<string, boolean>
  close(): void
}

const DEVICES_MAX = 64
/** A sleeping or failing disk may take seconds. */
const CALL_MS_MAX = 20_000
const OUTPUT_BYTES_MAX = 2 ** 20

const scanSchema = z.object({ devices: z.array(z.object({ name: z.string(), type: z.string().optional() })).default([]) })
const healthSchema = z.object({ smart_status: z.object({ passed: z.boolean() }).optional() })

/** Starts looking at once. Where smartctl cannot be had at all it is asked no more, and not a word is lost on it. */
export function startSmartHealth(options: SmartHealthOptions): SmartHealth {
  let healthy: ReadonlyMap<string, boolean> = new Map()
  let timer: NodeJS.Timeout | undefined
  const stop = new AbortController()
  const look = async (): Promise<void> => {
    try {
      healthy = await readHealth(options.smartctl, stop.signal)
    } catch (error) {
      if (stop.signal.aborted) return
      // Most machines have no smartctl: that is no news, and is not asked again.
      if (error instanceof OperationalError && error.reason === 'unsupported') return
      options.log.debug(`the health of disks is not known: ${messageOf(error)}`)
    }
    if (stop.signal.aborted) return
    timer = setTimeout(() => void look(), options.intervalMs)
    timer.unref()
  }
  void look()
  return {
    healthy: () => healthy,
    close: () => {
      stop.abort()
      clearTimeout(timer)
    },
  }
}

/** One look at every disk that smartctl finds; a disk that sleeps (`-n standby`) or keeps no such record is absent. */
export async function readHealth(smartctl: string, signal: AbortSignal): Promise<ReadonlyMap<string, boolean>> {
  const { devices } = scanSchema.parse(await runJson(smartctl, ['--json', '--scan'], signal))
  const healthy = new Map<string, boolean>()
  for (const { name, type } of devices.slice(0, DEVICES_MAX)) {
    // One after the other: this is not worth a burst of work.
    const answer = await runJson(
      smartctl,
      ['--json', '-H', '-n', 'standby', ...(type === undefined ? [] : ['-d', type]), '--', name],
      signal,
    ).catch((): undefined => undefined)
    const passed = healthSchema.safeParse(answer).data?.smart_status?.passed
    if (passed !== undefined) healthy.set(labelOf(name, type, devices), passed)
  }
  return healthy
}

/** Behind a controller many disks have one name, and differ by type: `bus/0 megaraid,8`. */
function labelOf(name: string, type: string | undefined, devices: ReadonlyArray<{ readonly name: string }>): string {
  const device = name.replace(/^\/dev\//, '')
  const isAlone = devices.filter((other) => other.name === name).length === 1
  return isAlone || type === undefined ? device : `${device} ${type}`
}

/** smartctl(8) exits with bits of what is wrong with the disk, so its exit code is not a failure. */
async function runJson(smartctl: string, args: readonly string[], signal: AbortSignal): Promise<unknown> {
  const { stdout, code } = await execa(smartctl, args, {
    reject: false,
    stdin: 'ignore',
    timeout: CALL_MS_MAX,
    maxBuffer: OUTPUT_BYTES_MAX,
    cancelSignal: signal,
    env: { LC_ALL: 'C' },
  })
  if (code === 'ENOENT' || code === 'EACCES') throw new OperationalError('there is no smartctl to ask', { reason: 'unsupported' })
  try {
    const answer: unknown = JSON.parse(stdout)
    return answer
  } catch (error) {
    throw new OperationalError('smartctl gave no JSON', { reason: 'output', retryable: true, cause: error })
  }
}
