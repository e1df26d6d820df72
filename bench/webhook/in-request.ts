/**
 * Owns the other way to act on alerts, to compare with: a webhook that runs a command while the request waits, with the alerts
 * as environment variables, in the manner of prometheus-am-executor (names from its README). Keeps nothing.
 * Usage: node bench/webhook/in-request.ts COMMAND [ARGUMENT...]; prints `listening on URL`.
 */
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import { z } from 'zod'
import { portOf } from '../../src/lib/http.ts'

const Payload = z.object({
  status: z.string(),
  receiver: z.string(),
  alerts: z.array(
    z.object({ status: z.string(), labels: z.record(z.string(), z.string()), startsAt: z.string(), fingerprint: z.string() }),
  ),
})

const [command = 'true', ...args] = process.argv.slice(2)
const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    run(Payload.parse(JSON.parse(Buffer.concat(chunks).toString()))).then(
      () => response.end('ok\n'),
      (error: unknown) => {
        response.statusCode = 500
        response.end(`${String(error)}\n`)
      },
    )
  })
})
server.listen(0, '127.0.0.1', () => process.stdout.write(`listening on http://127.0.0.1:${portOf(server)}\n`))

/** One command for a delivery; rejects when it cannot be started or fails. */
function run(payload: z.infer<typeof Payload>): Promise<void> {
  const environment: NodeJS.ProcessEnv = {
    PATH: process.env['PATH'],
    AMX_RECEIVER: payload.receiver,
    AMX_STATUS: payload.status,
    AMX_ALERT_LEN: String(payload.alerts.length),
  }
  for (const [index, alert] of payload.alerts.entries()) {
    const prefix = `AMX_ALERT_${index + 1}`
    environment[`${prefix}_STATUS`] = alert.status
    environment[`${prefix}_START`] = String(Math.floor(Date.parse(alert.startsAt) / 1000))
    environment[`${prefix}_FINGERPRINT`] = alert.fingerprint
    for (const [name, value] of Object.entries(alert.labels)) environment[`${prefix}_LABEL_${name}`] = value
  }
  return new Promise((resolve, reject) => {
    try {
      const child = spawn(command, args, { env: environment, stdio: 'ignore' })
      child.once('error', reject)
      child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`the command ended with ${code}`))))
    } catch (error) {
      reject(error instanceof Error ? error : new Error(String(error)))
    }
  })
}
