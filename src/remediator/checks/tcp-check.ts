/** Owns the check `tcp`: whether somebody answers at an address, how soon, and with the right first words. */
import { connect } from 'node:net'
import { messageOf } from '../../lib/errors.ts'
import { printable } from '../../lib/log.ts'
import type { CheckOf } from './definition.ts'
import { inMs } from './words.ts'
import { fillPlaces } from './places.ts'
import { failed, type Measured } from './result.ts'
import type { CheckTools } from './check-tools.ts'

const BYTES_MAX = 4_096
const SHOWN_MAX = 80

export async function runTcp(check: CheckOf<'tcp'>, { places }: CheckTools, signal: AbortSignal): Promise<Measured> {
  const { host, port } = endpointOf(fillPlaces(check.address, places))
  const shown = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const began = performance.now()
  const own = AbortSignal.any([signal, AbortSignal.timeout(check.connect_seconds_max * 1000)])
  try {
    const said = await greet(host, port, check.expect, own)
    const seconds = (performance.now() - began) / 1000
    const figures = { requests: 1, errorRatio: 0, latencyP95Seconds: seconds }
    if (check.expect !== undefined && !said.includes(check.expect))
      return failed(`${shown} says "${printable(said).slice(0, SHOWN_MAX)}", not "${printable(check.expect)}".`, {
        ...figures,
        errorRatio: 1,
      })
    return { outcome: 'passed', text: `${shown} answers after ${inMs(seconds)}.`, figures }
  } catch (error) {
    signal.throwIfAborted()
    const why = own.aborted ? `no answer within ${inMs(check.connect_seconds_max)}` : printable(messageOf(error))
    return failed(`${shown} does not answer: ${why}.`, { requests: 1, errorRatio: 1 })
  }
}

/** Resolves with what the other side said first; at once when nothing is expected of it. */
function greet(host: string, port: number, expect: string | undefined, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, signal })
    let said = ''
    const done = (): void => {
      resolve(said)
      socket.destroy()
    }
    socket.once('error', reject)
    socket.once('close', () => (said === '' && expect !== undefined ? reject(new Error('it hangs up without a word')) : resolve(said)))
    socket.once('connect', () => expect === undefined && done())
    socket.on('data', (chunk) => {
      said = `${said}${chunk.toString('latin1')}`.slice(0, BYTES_MAX)
      if (expect !== undefined && (said.includes(expect) || said.length >= Math.max(expect.length, BYTES_MAX) || said.includes('\n')))
        done()
    })
  })
}

function endpointOf(text: string): { readonly host: string; readonly port: number } {
  const url = new URL(text.includes('://') ? text : `tcp://${text}`)
  const defaultPort = url.protocol === 'https:' ? 443 : 80
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port === '' ? defaultPort : Number(url.port) }
}
