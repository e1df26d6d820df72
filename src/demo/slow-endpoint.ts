/** A program that misbehaves: an HTTP server that answers at once, and after a while only slowly, without computing anything. Run by `procwarden demo slow-endpoint`. */
import { createServer } from 'node:http'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: { seconds: { type: 'string' }, port: { type: 'string' }, quiet: { type: 'string' }, delay: { type: 'string' } },
})
const seconds = Number(values.seconds ?? 1800)
const slowAtMs = performance.now() + Number(values.quiet ?? 960) * 1000
const delayMs = Number(values.delay ?? 800)

const server = createServer((_request, response) => {
  // As if it waited for a database.
  setTimeout(() => response.end('{"status":"ok"}\n'), performance.now() < slowAtMs ? 2 : delayMs)
})
server.on('error', (error) => {
  process.stderr.write(`It cannot listen: ${error.message}\n`)
  process.exit(1)
})
server.listen(Number(values.port ?? 9990), '127.0.0.1')
process.on('disconnect', () => process.exit(0))
setTimeout(() => process.exit(0), seconds * 1000)
