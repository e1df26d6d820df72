/** Owns starting the exporter as it is published, compiled to JavaScript, and scraping it as Prometheus does. */
import { execFileSync } from 'node:child_process'
import http from 'node:http'
import path from 'node:path'
import type { Children, StartedProgram } from './children.ts'

export const ROOT = path.resolve(import.meta.dirname, '../..')

const SCRAPE_TIMEOUT_MS = 120_000

export interface Target {
  readonly program: StartedProgram
  readonly url: string
}

/** Compiles the sources to dist/, as `npm run build` does. */
export function buildExporter(): void {
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, stdio: ['ignore', 2, 2] })
}

/** Starts the compiled exporter on a free port of loopback, with its defaults. */
export async function startExporter(children: Children, flags: readonly string[] = []): Promise<Target> {
  const args = [path.join(ROOT, 'dist/cli/main.js'), 'exporter', '--web.listen-address', '127.0.0.1:0', ...flags]
  const program = children.start(process.execPath, args)
  const line = await program.line(/serving metrics on http/)
  const url = /http:\/\/\S+\/metrics/.exec(line)?.[0]
  if (url === undefined) throw new Error(`the exporter did not say where it serves: ${line}`)
  return { program, url }
}

export interface Scrape {
  readonly milliseconds: number
  readonly bytes: number
}

/** One scrape with Prometheus' headers, gzip included; rejects when the answer is not 200. */
export function scrape(url: string, agent: http.Agent): Promise<Scrape> {
  const headers = {
    Accept:
      'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
    'Accept-Encoding': 'gzip',
    'User-Agent': 'Prometheus/2.42.0',
  }
  const startMs = performance.now()
  return new Promise((resolve, reject) => {
    const request = http.get(url, { agent, headers, timeout: SCRAPE_TIMEOUT_MS }, (response) => {
      let bytes = 0
      response.on('data', (chunk: Buffer) => (bytes += chunk.length))
      response.on('error', reject)
      response.on('end', () => {
        if (response.statusCode === 200) resolve({ milliseconds: performance.now() - startMs, bytes })
        else reject(new Error(`${url} answered ${response.statusCode}`))
      })
    })
    request.on('timeout', () => request.destroy(new Error(`${url} did not answer in ${SCRAPE_TIMEOUT_MS} ms`)))
    request.on('error', reject)
  })
}
