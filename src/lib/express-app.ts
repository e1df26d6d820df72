/** Owns the express app that a part begins with: origin checks and the lifecycle routes. */
import express, { type Express, type NextFunction, type Request, type Response } from 'express'
import { messageOf } from './errors.ts'
import { FOREIGN_ANSWER, createForeignCheck, type ListenAddress } from './http.ts'

export interface WebAppOptions {
  /** Undefined when ready, else the sentence that says what is missing. */
  readonly notReady: () => string | undefined
  /** Reads the configuration anew; throws when it is refused, and then the old one stays in force. */
  readonly reload: () => Promise<void>
  /** Where the server listens; on loopback, requests for another host name are refused (DNS rebinding). */
  readonly address: ListenAddress
  /** Names, besides the machine's own, by which it is reached: through a proxy. */
  readonly ownNames?: () => readonly string[]
}

/** An express app with `/`, `/-/healthy`, `/-/ready` and `POST /-/reload`; the caller adds its own routes. */
export function createWebApp(options: WebAppOptions): Express {
  const app = express()
  app.disable('x-powered-by')
  app.set('query parser', 'simple')
  const isForeign = createForeignCheck(options.address, options.ownNames)
  app.use((request: Request, response: Response, next: NextFunction) => {
    if (isForeign(request)) response.status(403).type('text').send(FOREIGN_ANSWER)
    else next()
  })
  app.get('/-/healthy', (_request, response) => void response.type('text').send('healthy\n'))
  app.get('/-/ready', (_request, response) => {
    const missing = options.notReady()
    response
      .status(missing === undefined ? 200 : 503)
      .type('text')
      .send(missing === undefined ? 'ready\n' : `${missing}\n`)
  })
  app.post('/-/reload', (_request, response) => {
    options.reload().then(
      () => response.type('text').send('reloaded\n'),
      (error: unknown) =>
        response
          .status(400)
          .type('text')
          .send(`${error instanceof Error ? error.message : messageOf(error)}\n`),
    )
  })
  return app
}
