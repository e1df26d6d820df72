/** Owns playing the service manager: a real unix datagram socket, and what a part writes into it. */
import { closeSync, readSync } from 'node:fs'
import { errnoOf } from '../../src/lib/errors.ts'
import { loadLibc } from '../../src/lib/linux/libc.ts'
import { unixAddress } from '../../src/lib/linux/unix-datagram.ts'
import { afterTest } from './temporary.ts'
import { waitFor } from './wait-for.ts'

export interface NotifySocket {
  /** What has come and was not read yet, a datagram each. */
  read(): string[]
  /** Reads up to and with the next one that begins like this, however long it takes to come; returns these. */
  upTo(beginning: string): Promise<string[]>
}

const AF_UNIX = 1
const SOCK_DGRAM_NONBLOCK = 2 | 0x800 | 0x8_0000

/** Listens on an absolute path or on `@NAME`. */
export function listenNotify(name: string): NotifySocket {
  const libc = loadLibc()
  const socket: (domain: number, type: number, protocol: number) => number = libc.bind('int socket(int, int, int)')
  const bind: (fd: number, address: Buffer, length: number) => number = libc.bind('int bind(int, const void *, int)')
  const fd = socket(AF_UNIX, SOCK_DGRAM_NONBLOCK, 0)
  const address = unixAddress(name)
  if (bind(fd, address, address.length) < 0) throw new Error(`${name}: ${libc.errno()}`)
  afterTest(() => closeSync(fd))
  const waiting: string[] = []
  const receive = (): void => {
    const buffer = Buffer.alloc(4096)
    for (;;) {
      try {
        waiting.push(buffer.toString('utf8', 0, readSync(fd, buffer)))
      } catch (error) {
        if (errnoOf(error) === 'EAGAIN') return
        throw error
      }
    }
  }
  return {
    read: () => {
      receive()
      return waiting.splice(0)
    },
    upTo: async (beginning) => {
      const at = await waitFor(
        beginning,
        () => {
          receive()
          const index = waiting.findIndex((message) => message.startsWith(beginning))
          return index < 0 ? undefined : { index }
        },
        30_000,
      )
      return waiting.splice(0, at.index + 1)
    },
  }
}
