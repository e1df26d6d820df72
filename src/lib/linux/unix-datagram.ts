/** Owns sending datagrams to a unix socket, which Node cannot. Never reads one and never decides what is sent. */
import { closeSync } from 'node:fs'
import { OperationalError } from '../errors.ts'
import type { Libc } from './libc.ts'

export interface DatagramSocket {
  /** False when the receiver's queue is full. Throws OperationalError `gone` or `denied`. */
  send(text: string): boolean
  close(): void
}

const AF_UNIX = 1
const SOCK_DGRAM = 2
const SOCK_NONBLOCK = 0x800
const SOCK_CLOEXEC = 0x8_0000
const MSG_NOSIGNAL = 0x4000
/** sun_path of struct sockaddr_un (unix(7)). */
const PATH_BYTES_MAX = 108

/**
 * struct sockaddr_un: an absolute path, or `@NAME` for the abstract namespace, where the first byte is 0 and the length counts.
 * Throws OperationalError `unsupported` for anything else.
 */
export function unixAddress(name: string): Buffer {
  const isAbstract = name.startsWith('@')
  const bytes = Buffer.from(name)
  if ((!isAbstract && !name.startsWith('/')) || name.includes('\0') || name.length < 2)
    throw new OperationalError(`${name} is no address of a unix socket: an absolute path or @NAME is`, { reason: 'unsupported' })
  // A path ends with a 0 of its own; an abstract name does not.
  if (bytes.length + (isAbstract ? 0 : 1) > PATH_BYTES_MAX)
    throw new OperationalError(`${name} is too long for a unix socket`, { reason: 'unsupported' })
  if (isAbstract) bytes[0] = 0
  const family = Buffer.alloc(2)
  // In the machine's own order; every machine Node runs on is little-endian but IBM's.
  if (IS_BIG_ENDIAN) family.writeUInt16BE(AF_UNIX)
  else family.writeUInt16LE(AF_UNIX)
  return Buffer.concat(isAbstract ? [family, bytes] : [family, bytes, Buffer.alloc(1)])
}

const IS_BIG_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 0

/** A socket that never blocks. Throws OperationalError `unsupported`. */
export function openDatagramSocket(libc: Libc, name: string): DatagramSocket {
  const address = unixAddress(name)
  const socket: (domain: number, type: number, protocol: number) => number = libc.bind('int socket(int, int, int)')
  const sendTo: (fd: number, bytes: Buffer, length: number, flags: number, to: Buffer, toLength: number) => number = libc.bind(
    'long sendto(int, const void *, size_t, int, const void *, unsigned int)',
  )
  const fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)
  if (fd < 0) throw new OperationalError(`no unix socket: ${libc.errno()}`, { reason: 'unsupported' })
  return {
    send: (text) => {
      const bytes = Buffer.from(text)
      if (sendTo(fd, bytes, bytes.length, MSG_NOSIGNAL, address, address.length) >= 0) return true
      const errno = libc.errno()
      if (errno === 'EAGAIN' || errno === 'ENOBUFS' || errno === 'EINTR') return false
      throw new OperationalError(`${name} cannot be written to: ${errno}`, {
        reason: errno === 'EACCES' || errno === 'EPERM' ? 'denied' : 'gone',
      })
    },
    close: () => closeSync(fd),
  }
}
