/** Owns finding a free port, for programs that cannot choose one themselves. */
import { createServer } from 'node:net'
import { portOf } from '../../src/lib/http.ts'

/** Free a moment ago, on loopback. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const port = portOf(server)
  await new Promise((resolve) => server.close(resolve))
  return port
}
