/** Owns a real SMTP server on loopback that keeps what it is given, and that can misbehave in every way that servers do. */
import type { AddressInfo, Socket } from 'node:net'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { afterTest } from './temporary.ts'

export interface ReceivedMail {
  readonly from: string
  readonly to: readonly string[]
  readonly raw: string
}

/**
 * hang: it takes a mail and never answers. drop: the connection breaks in the middle of the mail. drop-after: it takes the mail, and
 * the connection breaks before it can say so. greylist: what it sees for the first time (from, to) is refused for now.
 */
export type Misbehaviour = 'hang' | 'drop' | 'drop-after' | 'greylist' | 'refuse-greeting' | undefined

export interface TestSmtpServer {
  readonly url: string
  readonly received: ReceivedMail[]
  /** While true, every mail is refused for now. */
  refuse: boolean
  misbehave: Misbehaviour
  /** Connections that were made. */
  connections: number
  close(): Promise<void>
}

interface Options extends SMTPServerOptions {
  readonly keep?: boolean
}

/** Closed after the test; with `keep`, by the caller. */
export async function startSmtpServer({ keep, ...options }: Options = {}): Promise<TestSmtpServer> {
  const state: Omit<TestSmtpServer, 'close' | 'url'> = { received: [], refuse: false, misbehave: undefined, connections: 0 }
  const seen = new Set<string>()
  const later = (text: string): Error => Object.assign(new Error(text), { responseCode: 451 })
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onConnect: (_session, callback) => {
      state.connections += 1
      callback(state.misbehave === 'refuse-greeting' ? Object.assign(new Error('too busy'), { responseCode: 421 }) : undefined)
    },
    onRcptTo: ({ address }, session, callback) => {
      const { mailFrom } = session.envelope
      const triple = `${mailFrom === false ? '' : mailFrom.address} ${address}`
      const isNew = state.misbehave === 'greylist' && !seen.has(triple)
      seen.add(triple)
      callback(isNew ? later('greylisted, try again later') : undefined)
    },
    onData: (stream, session, callback) => {
      const chunks: Buffer[] = []
      const keepMail = (): void => {
        const { mailFrom, rcptTo } = session.envelope
        const from = mailFrom === false ? '' : mailFrom.address
        state.received.push({ from, to: rcptTo.map((to) => to.address), raw: Buffer.concat(chunks).toString() })
      }
      stream.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        if (state.misbehave === 'drop') breakConnections(server)
      })
      stream.on('end', () => {
        if (state.misbehave === 'hang') return
        if (state.misbehave === 'drop') return
        if (state.refuse) return callback(later('try again later'))
        keepMail()
        if (state.misbehave === 'drop-after') return breakConnections(server)
        return callback()
      })
    },
    ...options,
  })
  const sockets = new Set<Socket>()
  socketsOf.set(server, sockets)
  server.server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  // Connections that the tests break are no fault of the server.
  server.on('error', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      breakConnections(server)
    })
  if (keep !== true) afterTest(close)
  const { port } = server.server.address() as AddressInfo
  return Object.assign(state, { close, url: `smtp://127.0.0.1:${port}` })
}

const socketsOf = new WeakMap<SMTPServer, Set<Socket>>()

function breakConnections(server: SMTPServer): void {
  for (const socket of socketsOf.get(server) ?? []) socket.destroy()
}
