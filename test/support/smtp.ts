/** Owns a real SMTP server on loopback that keeps what it is given. */
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'
import { afterTest } from './temporary.ts'

export interface ReceivedMail {
  readonly from: string
  readonly to: readonly string[]
  readonly raw: string
}

export interface TestSmtpServer {
  readonly url: string
  readonly received: ReceivedMail[]
  /** While true, every mail is refused for now, as by greylisting. */
  refuse: boolean
  close(): Promise<void>
}

/** Closed after the test; with `keep`, by the caller. */
export async function startSmtpServer(options: { readonly keep?: boolean } = {}): Promise<TestSmtpServer> {
  const state: { received: ReceivedMail[]; refuse: boolean } = { received: [], refuse: false }
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData: (stream, session, callback) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        if (state.refuse) return callback(Object.assign(new Error('try again later'), { responseCode: 451 }))
        const { mailFrom, rcptTo } = session.envelope
        state.received.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map((to) => to.address),
          raw: Buffer.concat(chunks).toString(),
        })
        return callback()
      })
    },
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()))
  if (options.keep !== true) afterTest(close)
  const { port } = server.server.address() as AddressInfo
  return Object.assign(state, { close, url: `smtp://127.0.0.1:${port}` })
}
