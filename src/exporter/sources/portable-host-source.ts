/** Owns reading the machine where there is no /proc, with what Node itself knows: processors, load, memory, uptime and the room of the root. Starts no program. */
import { statfs } from 'node:fs/promises'
import os from 'node:os'
import type { Clock } from '../../lib/clock.ts'
import { createRoomReader, type Mount } from './host-filesystems.ts'
import type { HostSnapshot, HostSource } from './host-source.ts'

const STATFS_MS_MAX = 500
/** Its type is not to be had without starting a program. */
const ROOT: Mount = { device: 'root', mountpoint: '/', fstype: 'unknown', isReadonly: false }

/** Disks, interfaces, connections, pressure and temperatures are absent. */
export function createPortableHostSource(clock: Pick<Clock, 'nowMs'>): HostSource {
  const readRoom = createRoomReader({ statfs: (path) => statfs(path), deadlineMs: STATFS_MS_MAX })
  let underWay: Promise<HostSnapshot> | undefined
  const read = async (): Promise<HostSnapshot> => ({ ...readNode(clock.nowMs()), filesystems: await readRoom([ROOT]) })
  return {
    read: () => {
      underWay ??= read().finally(() => {
        underWay = undefined
      })
      return underWay
    },
  }
}

function readNode(takenMs: number): Omit<HostSnapshot, 'filesystems'> {
  const cpus = os.cpus()
  const [load1 = 0, load5 = 0, load15 = 0] = os.loadavg()
  const uptimeSeconds = os.uptime()
  return {
    takenMs,
    kernel: {
      // Node tells milliseconds.
      cores: cpus.map(({ times }, index) => ({
        cpu: String(index),
        seconds: {
          user: times.user / 1000,
          nice: times.nice / 1000,
          system: times.sys / 1000,
          idle: times.idle / 1000,
          irq: times.irq / 1000,
        },
      })),
      bootTimeSeconds: Math.round(takenMs / 1000 - uptimeSeconds),
      contextSwitches: undefined,
      forks: undefined,
      interrupts: undefined,
    },
    clocks: new Map(cpus.flatMap(({ speed }, index) => (speed > 0 ? [[String(index), speed * 1e6] as const] : []))),
    temperatures: [],
    // Windows has no such thing, and Node says 0 three times there.
    load: process.platform === 'win32' ? undefined : { load1, load5, load15 },
    pressure: {},
    memory: new Map([
      ['MemTotal', os.totalmem()],
      ['MemFree', os.freemem()],
      ['MemAvailable', process.availableMemory()],
    ]),
    disks: [],
    network: [],
    connections: undefined,
    uptimeSeconds,
  }
}
