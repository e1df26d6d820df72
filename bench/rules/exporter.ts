/** Owns an exporter that publishes the measured population, so that recording goes on where the history ends. */
import http from 'node:http'
import { portOf } from '../../src/lib/http.ts'
import { rawSeries, type Population } from './population.ts'

export interface FakeMachine {
  /** HOST:PORT */
  readonly address: string
  /** The groups alone at first. */
  publish(population: Population): void
  close(): Promise<void>
}

export async function serveMachine(groups: number): Promise<FakeMachine> {
  let published: Population = 'groups'
  const server = http.createServer((_request, response) => {
    response.setHeader('content-type', 'text/plain; version=0.0.4')
    const lines: string[] = []
    for (const [metric, labels, value] of rawSeries(groups, published, Date.now() / 1000)) lines.push(`${metric}{${labels}} ${value}`)
    response.end(`${lines.join('\n')}\n`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    address: `127.0.0.1:${portOf(server)}`,
    publish: (population) => {
      published = population
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
