/**
 * Owns making load, in a program of its own: reads orders from its standard input, one line each, makes each with autocannon and
 * answers with one line. Its memory and its CPU are not the remediator's, and it ends with whoever started it.
 */
import type { EventEmitter } from 'node:events'
import { isIP } from 'node:net'
import { createInterface } from 'node:readline'
import { connect } from 'node:tls'
import autocannon, { type Client, type Instance, type Options } from 'autocannon'
import { messageOf } from '../../lib/errors.ts'
import { printable } from '../../lib/log.ts'
import { LoadOrder, READY, type LoadReport } from './load.ts'
import { percentile } from './result.ts'

/** Latencies beyond this many are not kept: enough for any percentile. */
const LATENCIES_MAX = 200_000
const SHOWN_MAX = 200

void answerOrders()

async function answerOrders(): Promise<never> {
  // Perhaps in the middle of a load.
  process.stdin.once('end', () => process.exit(0))
  process.stdout.write(READY)
  for await (const line of createInterface({ input: process.stdin })) {
    const report = await obey(LoadOrder.parse(JSON.parse(line))).catch((error: unknown): LoadReport => ({
      requests: 0,
      errors: 0,
      firstError: messageOf(error).slice(0, SHOWN_MAX),
    }))
    process.stdout.write(`${JSON.stringify(report)}\n`)
  }
  // autocannon keeps timers.
  process.exit(0)
}

async function obey(order: LoadOrder): Promise<LoadReport> {
  await trust(order)
  return make(order)
}

/** autocannon takes any certificate: whether it is one to be trusted is looked at before. */
function trust({ url, insecure, seconds }: LoadOrder): Promise<void> {
  const { protocol, hostname, port } = new URL(url)
  if (protocol !== 'https:' || insecure) return Promise.resolve()
  const host = hostname.replace(/^\[|\]$/g, '')
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: port === '' ? 443 : Number(port), ...(isIP(host) === 0 ? { servername: host } : {}) }, () => {
      socket.destroy()
      resolve()
    })
    socket.setTimeout(seconds * 1000, () => socket.destroy(new Error('no answer in time')))
    socket.once('error', reject)
  })
}

function make(order: LoadOrder): Promise<LoadReport> {
  const latencies: number[] = []
  let answers = 0
  let errors = 0
  let firstError: string | undefined
  const fail = (why: string): void => {
    errors += 1
    firstError ??= printable(why).slice(0, SHOWN_MAX)
  }
  return new Promise((resolve, reject) => {
    const instance: Instance = autocannon(optionsOf(order), (error: unknown) => {
      clearTimeout(timer)
      if (error) reject(error instanceof Error ? error : new Error(messageOf(error)))
      else resolve({ requests: answers, errors, ...p95Of(latencies), ...(firstError === undefined ? {} : { firstError }) })
    })
    // What does not answer at all keeps autocannon trying for ever.
    const timer = setTimeout(() => instance.stop?.(), order.seconds * 1000)
    const count = (): void => {
      answers += 1
      if (order.requests !== undefined && answers >= order.requests) instance.stop?.()
    }
    instance.on('response', (_client: Client, status: number, _bytes: number, milliseconds: number) => {
      if (latencies.length < LATENCIES_MAX) latencies.push(milliseconds / 1000)
      if (!order.statuses.includes(status)) fail(`status ${status}`)
      count()
    })
    instance.on('reqError', (error: Error) => {
      fail(messageOf(error))
      count()
    })
    // Its types do not know this event.
    const events: EventEmitter = instance
    events.on('reqMismatch', () => fail(`the answer does not hold "${order.contains ?? ''}"`))
  })
}

function optionsOf(order: LoadOrder): Options {
  const { url, method, headers, body, contains } = order
  return {
    url,
    method,
    headers,
    connections: order.connections,
    timeout: Math.ceil(order.seconds),
    ...(order.requests === undefined ? { duration: Math.ceil(order.seconds) } : { amount: order.requests }),
    ...(order.requestsPerSecond === undefined ? {} : { overallRate: order.requestsPerSecond }),
    ...(body === undefined ? {} : { body }),
    ...(contains === undefined ? {} : { verifyBody: (answer: unknown) => String(answer).includes(contains) }),
    // How often it looks whether it is done.
    sampleInt: 100,
  }
}

function p95Of(latencies: readonly number[]): { p95Seconds?: number } {
  const p95 = percentile(latencies, 0.95)
  return p95 === undefined ? {} : { p95Seconds: p95 }
}
