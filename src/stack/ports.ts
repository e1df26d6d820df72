/** Owns choosing ports on loopback before the parts start: a wanted one that is free, or any free one. */
import { createServer } from 'node:net'
import { UsageError, errnoOf, messageOf } from '../lib/errors.ts'
import { portOf } from '../lib/http.ts'

/** The wanted port, or for 0 a free one. Throws UsageError when the wanted one is taken. */
export async function choosePort(part: string, wanted: number): Promise<number> {
  const server = createServer()
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(wanted, '127.0.0.1', resolve)
    })
  } catch (error) {
    const why = errnoOf(error) === 'EADDRINUSE' ? 'it is taken by another program' : messageOf(error)
    throw new UsageError(
      `port ${wanted} for ${part} cannot be used: ${why}; choose another with --port.${part} N (0 picks a free one)`,
      error,
    )
  }
  const port = portOf(server)
  await new Promise<void>((resolve) => server.close(() => resolve()))
  return port
}
