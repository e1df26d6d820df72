/** Owns reading the body of a delivery: into one buffer of its size, for in pieces and then joined it would be held twice. Never parses. */
import express, { type NextFunction, type Request, type RequestHandler } from 'express'

/** A request whose length is not known before, or not what it will be, is read in pieces; and one that is too long is refused there. */
export function createBodyReader(limitBytes: number): RequestHandler {
  const inPieces = express.raw({ limit: limitBytes, type: () => true })
  return (request, response, next) => {
    const length = Number(request.headers['content-length'] ?? Number.NaN)
    const isPlain = (request.headers['content-encoding'] ?? 'identity') === 'identity'
    if (isPlain && length > 0 && length <= limitBytes) readWhole(request, length, next)
    else inPieces(request, response, next)
  }
}

/** A sender that leaves before the end gets no answer: nothing was taken over, and it knows. */
function readWhole(request: Request, length: number, next: NextFunction): void {
  const body = Buffer.allocUnsafeSlow(length)
  let at = 0
  request.on('data', (piece: Buffer) => {
    at += piece.copy(body, at)
  })
  request.on('error', () => undefined)
  request.on('end', () => {
    request.body = body.subarray(0, at)
    next()
  })
}
