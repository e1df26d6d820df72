/** Owns what is known of network interfaces: their traffic, whether they are up, and how fast. Never opens a socket. */
import { join } from 'node:path'
import { parseNetworkDevices, type NetworkTraffic } from './host-parsers.ts'
import { readInteger, readTextNow } from './host-read.ts'

export interface NetworkDevice extends NetworkTraffic {
  /** Absent where the driver does not tell. */
  readonly isUp: boolean | undefined
  /** Absent for devices without a speed, such as virtual ones. */
  readonly speedBytesPerSecond: number | undefined
}

/** A machine full of containers has a device for each; those beyond are left out. */
const DEVICES_MAX = 200

export interface NetworkReaderOptions {
  readonly procfsRoot: string
  readonly sysfsRoot: string
  readonly clock: { nowMs(): number }
}

/** Asking a driver for its speed takes a lock of all interfaces, and the answer hardly ever changes. */
const SPEED_AGE_MS_MAX = 60_000

/** Reads all interfaces; empty where /proc/net/dev cannot be read. Speeds are read anew once a minute. */
export function createNetworkReader(options: NetworkReaderOptions): () => Promise<NetworkDevice[]> {
  const { procfsRoot, sysfsRoot, clock } = options
  let speeds: ReadonlyMap<string, number> = new Map()
  let speedsReadMs = -Infinity

  const refreshSpeeds = async (devices: readonly string[]): Promise<void> => {
    if (Math.abs(clock.nowMs() - speedsReadMs) < SPEED_AGE_MS_MAX) return
    const read = await Promise.all(
      devices.map(async (device) => {
        const megabits = await readInteger(join(sysfsRoot, 'class/net', device, 'speed'))
        // -1 is a link without one (ABI/testing/sysfs-class-net).
        return megabits !== undefined && megabits > 0 ? [[device, (megabits * 1e6) / 8] as const] : []
      }),
    )
    speeds = new Map(read.flat())
    speedsReadMs = clock.nowMs()
  }
  return async () => {
    const traffic = parseNetworkDevices(readTextNow(join(procfsRoot, 'net/dev')) ?? '').slice(0, DEVICES_MAX)
    await refreshSpeeds(traffic.map(({ device }) => device))
    return traffic.map((each) => ({
      ...each,
      isUp: readIsUp(join(sysfsRoot, 'class/net', each.device)),
      speedBytesPerSecond: speeds.get(each.device),
    }))
  }
}

function readIsUp(folder: string): boolean | undefined {
  const state = readTextNow(join(folder, 'operstate'))?.trim()
  return isUp(state, () => readTextNow(join(folder, 'carrier'))?.trim())
}

/** Devices without a link of their own, such as lo and tun, have the state "unknown": the carrier tells (RFC 2863). */
export function isUp(state: string | undefined, carrier: () => string | undefined): boolean | undefined {
  if (state === undefined) return undefined
  return state === 'unknown' ? carrier() === '1' : state === 'up'
}
