/** Owns answering /metrics: bounded in number, in the format and compression asked for. Never collects anything itself. */
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Request, Response } from 'express'
import { messageOf } from '../lib/errors.ts'
import type { Logger } from '../lib/log.ts'
import { CONTENT_TYPES, EXPOSITION_END, type ExpositionFormat } from './exposition.ts'
import { collectorsOf, negotiateFormat } from './negotiation.ts'

export interface MetricsSource {
  readonly collectorNames: readonly string[]
  /** All families of all collectors, or of those in `only`; without what a format ends with. */
  text(format: ExpositionFormat, only: ReadonlySet<string> | undefined): Promise<string>
}

const compress = promisify(gzip)

/** Level 1 makes the text six times smaller, for half the CPU of the default level: 0.8 ms for 220 kB. */
const GZIP_LEVEL = 1
const GZIP_BYTES_MIN = 1024
/** Requests beyond this many at once are refused; Prometheus asks one at a time. */
const CONCURRENT_MAX = 40
const NAMES_SHOWN_MAX = 10

export function createMetricsRoute(source: MetricsSource, log: Logger): (request: Request, response: Response) => void {
  let underWay = 0
  return (request, response) => {
    const only = collectorsOf(request.originalUrl)
    const unknown = [...(only ?? [])].filter((name) => !source.collectorNames.includes(name))
    if (unknown.length > 0) {
      response.status(400).type('text').send(unknownSentence(unknown, source.collectorNames))
      return
    }
    if (underWay >= CONCURRENT_MAX) {
      response.status(503).set('Retry-After', '1').type('text').send(`${CONCURRENT_MAX} scrapes are under way already\n`)
      return
    }
    underWay++
    answer(request, response, source, only)
      .catch((error: unknown) => {
        log.error(`the metrics could not be written: ${messageOf(error)}`)
        if (!response.headersSent) response.status(500).type('text').send('the metrics could not be written; the log says why\n')
      })
      .finally(() => {
        underWay--
      })
  }
}

async function answer(request: Request, response: Response, source: MetricsSource, only: ReadonlySet<string> | undefined): Promise<void> {
  const format = negotiateFormat(request.headers.accept)
  const plain = Buffer.from((await source.text(format, only)) + EXPOSITION_END[format])
  const zipped =
    plain.length >= GZIP_BYTES_MIN && request.headers['accept-encoding'] !== undefined && request.acceptsEncodings('gzip') === 'gzip'
  const body = zipped ? await compress(plain, { level: GZIP_LEVEL }) : plain
  response.set({ 'Content-Type': CONTENT_TYPES[format], 'Content-Length': String(body.length), Vary: 'Accept, Accept-Encoding' })
  if (zipped) response.set('Content-Encoding', 'gzip')
  // Not express' send, which would hash the whole body for an ETag that no scraper uses.
  response.end(body)
}

function unknownSentence(unknown: readonly string[], known: readonly string[]): string {
  const shown = unknown.slice(0, NAMES_SHOWN_MAX).map((name) => JSON.stringify(name.slice(0, 64)))
  return `there is no collector ${shown.join(', ')} here; those that run are: ${known.join(', ')}\n`
}
