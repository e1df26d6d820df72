/** Owns the socket of the kernel's proc connector: opening it, listening, and its receive buffer. Never keeps events. */
import { closeSync, readSync } from 'node:fs'
import { OperationalError, errnoOf } from '../errors.ts'
import type { Libc } from './libc.ts'
import { parseProcEvents } from './proc-events.ts'

export interface ProcConnector {
  /**
   * A non-blocking descriptor that delivers the events of all processes; the caller closes it.
   * Throws OperationalError `denied` (CAP_NET_ADMIN) or `unsupported` (no such connector, or not in the first pid namespace).
   */
  open(): number
}

const AF_NETLINK = 16
const SOCK_DGRAM = 2
const SOCK_NONBLOCK = 0x800
const SOCK_CLOEXEC = 0x8_0000
const NETLINK_CONNECTOR = 11
const SOL_SOCKET = 1
const SO_RCVBUF = 8
const SO_RCVBUFFORCE = 33
const CN_IDX_PROC = 1
const CN_VAL_PROC = 1
const NLMSG_DONE = 3
const PROC_CN_MCAST_LISTEN = 1
/** struct sockaddr_nl: family u16, padding u16, pid u32, groups u32. */
const ADDRESS_BYTES = 12
/** struct nlmsghdr (16), struct cn_msg (20), enum proc_cn_mcast_op (4). */
const REQUEST_BYTES = 40
/**
 * The kernel charges an event with about 800 bytes and grants twice what is asked for, so this holds some 80,000 events:
 * five seconds of 5,000 processes that are forked, execute and exit.
 */
const RECEIVE_BUFFER_BYTES = 32 << 20
const EPERM = 1

/**
 * Binds the calls. Throws OperationalError `unsupported` where the C library lacks them. The kernel grants more than
 * `receiveBufferBytes` (socket(7)), and less where it is beyond what this user may have.
 */
export function createProcConnector(libc: Libc, receiveBufferBytes: number = RECEIVE_BUFFER_BYTES): ProcConnector {
  const socket: (domain: number, type: number, protocol: number) => number = libc.bind('int socket(int, int, int)')
  const bindSocket: (fd: number, address: Buffer, length: number) => number = libc.bind('int bind(int, const void *, int)')
  const send: (fd: number, bytes: Buffer, length: number, flags: number) => number = libc.bind('long send(int, const void *, size_t, int)')
  const setsockopt: (fd: number, level: number, name: number, value: Buffer, length: number) => number = libc.bind(
    'int setsockopt(int, int, int, const void *, int)',
  )

  const listen = (fd: number): void => {
    const address = Buffer.alloc(ADDRESS_BYTES)
    address.writeUInt16LE(AF_NETLINK, 0)
    address.writeUInt32LE(CN_IDX_PROC, 8)
    if (bindSocket(fd, address, ADDRESS_BYTES) < 0) throw openError(libc.errno())
    const room = Buffer.alloc(4)
    room.writeInt32LE(receiveBufferBytes)
    // Without CAP_NET_ADMIN the kernel's own limit (net.core.rmem_max) holds.
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, room, 4) < 0) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, room, 4)
    if (send(fd, listenRequest(), REQUEST_BYTES, 0) < 0) throw openError(libc.errno())
    awaitAnswer(fd)
  }

  return {
    open: () => {
      const fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_CONNECTOR)
      if (fd < 0) throw openError(libc.errno())
      try {
        listen(fd)
        return fd
      } catch (error) {
        closeSync(fd)
        throw error
      }
    },
  }
}

function listenRequest(): Buffer {
  const request = Buffer.alloc(REQUEST_BYTES)
  request.writeUInt32LE(REQUEST_BYTES, 0)
  request.writeUInt16LE(NLMSG_DONE, 4)
  request.writeUInt32LE(CN_IDX_PROC, 16)
  request.writeUInt32LE(CN_VAL_PROC, 20)
  request.writeUInt16LE(4, 32)
  request.writeUInt32LE(PROC_CN_MCAST_LISTEN, 36)
  return request
}

/** The kernel answers before send(2) returns; outside the first user and pid namespace it does not answer at all. */
function awaitAnswer(fd: number): void {
  const buffer = Buffer.alloc(4096)
  const answers: number[] = []
  const sink = { event: () => undefined, ack: ({ errno }: { readonly errno: number }) => void answers.push(errno) }
  while (answers.length === 0) {
    try {
      parseProcEvents(buffer, readSync(fd, buffer), sink)
    } catch (error) {
      if (errnoOf(error) === 'ENOBUFS') return // events come already, more than fit
      if (errnoOf(error) !== 'EAGAIN') throw error
      throw new OperationalError('process events are not available here: they need the first pid namespace (a container: --pid=host)', {
        reason: 'unsupported',
      })
    }
  }
  const [errno = 0] = answers
  if (errno !== 0) throw openError(errno === EPERM ? 'EPERM' : `errno ${errno}`)
}

function openError(errno: string): OperationalError {
  if (errno === 'EPERM' || errno === 'EACCES')
    return new OperationalError('process events are not permitted: they need CAP_NET_ADMIN', { reason: 'denied' })
  return new OperationalError(`process events are not available: ${errno}`, { reason: 'unsupported' })
}
