/** Owns HTTP servers that tests ask: on a free port of loopback, closed after the test. */
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { createServer as createTcpServer } from 'node:net'
import { portOf } from '../../src/lib/http.ts'
import { certificate } from './certificates.ts'
import { afterTest } from './temporary.ts'

export async function httpEndpoint(listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listening(createServer(listener))}`
}

/** With a certificate of an authority that nobody trusts. */
export async function selfSignedEndpoint(listener: RequestListener): Promise<string> {
  return `https://127.0.0.1:${await listening(createTlsServer({ key: certificate('server', 'key'), cert: certificate('server') }, listener))}`
}

/** Answers every connection with these bytes, and then ends it. */
export async function rawEndpoint(bytes: string): Promise<string> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => socket.end(bytes))
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  afterTest(() => new Promise<void>((resolve) => void server.close(() => resolve())))
  return `http://127.0.0.1:${portOf(server)}`
}

/** A port of loopback that nobody listens on. */
export async function closedPort(): Promise<number> {
  const server = createTcpServer()
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const port = portOf(server)
  await new Promise<void>((resolve) => void server.close(() => resolve()))
  return port
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  afterTest(async () => {
    server.closeAllConnections()
    await new Promise<void>((resolve) => void server.close(() => resolve()))
  })
  return portOf(server)
}
