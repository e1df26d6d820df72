import { writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { hashSync } from 'bcryptjs'
import { describe, expect, test } from 'vitest'
import { choosePort } from '../../../src/stack/ports.ts'
import { findTool } from '../../../src/stack/tools.mjs'
import { certificateFile, installServerCertificate } from '../../support/certificates.ts'
import { startExporter } from '../../support/exporter.ts'
import { temporaryDirectory, temporaryProcess } from '../../support/temporary.ts'
import { waitFor } from '../../support/wait-for.ts'

interface RawAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

/** Without fetch's own Accept-Encoding and unpacking. */
function askRaw(url: string, headers: Record<string, string> = {}): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }))
    })
    sent.on('error', reject)
    sent.end()
  })
}

describe('what a scraper asks for', () => {
  test('gzip when it is taken, plain text otherwise', async () => {
    const { url } = await startExporter({ files: false })
    const plain = await askRaw(`${url}/metrics`)
    expect(plain.headers['content-encoding']).toBeUndefined()
    expect(Number(plain.headers['content-length'])).toBe(plain.body.length)
    const zipped = await askRaw(`${url}/metrics`, { 'accept-encoding': 'gzip' })
    expect(zipped.headers['content-encoding']).toBe('gzip')
    expect(Number(zipped.headers['content-length'])).toBe(zipped.body.length)
    expect(gunzipSync(zipped.body).toString()).toContain('\nprocwarden_build_info{')
    expect(zipped.body.length).toBeLessThan(plain.body.length / 3)
    expect((await askRaw(`${url}/metrics`, { 'accept-encoding': 'gzip;q=0' })).headers['content-encoding']).toBeUndefined()
  })

  test('OpenMetrics: families without _total, an end, no empty line, and the same series as in text', async () => {
    const { url } = await startExporter({ files: false })
    const open = await askRaw(`${url}/metrics`, { accept: 'application/openmetrics-text;version=1.0.0' })
    expect(open.headers['content-type']).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8')
    const text = open.body.toString()
    expect(text).toMatch(/\n# EOF\n$/)
    expect(text).not.toContain('\n\n')
    expect(text).toContain('# TYPE procwarden_group_cpu_seconds counter\nprocwarden_group_cpu_seconds_total{')
    expect(text).toContain('# TYPE process_cpu_seconds counter\nprocess_cpu_seconds_total ')
    expect([...text.matchAll(/^# TYPE (\S+_total) counter$/gm)]).toEqual([])
    // The series of Node's garbage collection begin with the first one, which may fall between the two.
    const seriesNames = (exposition: string): string[] =>
      [...new Set([...exposition.matchAll(/^((?:proc|nodejs_(?!gc_))\w+)[{ ]/gm)].map(([, name]) => name ?? ''))].toSorted()
    const ofExporter = async (accept: string): Promise<string> =>
      (await askRaw(`${url}/metrics?collect[]=exporter`, { accept })).body.toString()
    expect(seriesNames(await ofExporter('application/openmetrics-text'))).toEqual(seriesNames(await ofExporter('text/plain')))
  })

  test('collect[] runs the named collectors alone; an unknown name is answered with the known ones', async () => {
    const { url } = await startExporter({ files: false })
    const some = await askRaw(`${url}/metrics?collect[]=processes`)
    expect(some.body.toString()).toContain('\nprocwarden_collector_success{collector="processes"} 1\n')
    expect(some.body.toString()).not.toMatch(/collector="exporter"|procwarden_build_info|nodejs_/)
    const both = await askRaw(`${url}/metrics?collect%5B%5D=processes&collect[]=exporter`)
    expect(both.body.toString()).toMatch(/procwarden_build_info[^]*nodejs_/)
    const unknown = await askRaw(`${url}/metrics?collect[]=processes&collect[]=${encodeURIComponent('<b>no\n')}`)
    expect(unknown.status).toBe(400)
    expect(unknown.headers['content-type']).toMatch(/^text\/plain/)
    expect(unknown.body.toString()).toMatch(/^there is no collector "<b>no\\n" here; those that run are: .*processes.*, exporter\n$/)
    expect((await askRaw(`${url}/metrics?collect[]=files`)).status).toBe(400)
  })

  test('the landing page links to everything and tells the version', async () => {
    const { url } = await startExporter({ files: false })
    const page = (await askRaw(url)).body.toString()
    const paths = [...page.matchAll(/href="([^"]+)"/g)].map(([, path]) => path ?? '')
    for (const path of paths) expect(`${path} ${(await askRaw(`${url}${path}`)).status}`).toMatch(path === '/api/files' ? / 404$/ : / 200$/)
    expect(page).toContain('href="/metrics"')
    expect(page).toMatch(/Version \d+\.\d+\.\d+/)
  })
})

test('a real Prometheus scrapes it as OpenMetrics, over TLS with a client certificate and a password', async () => {
  const prometheus = findTool('prometheus')
  if (prometheus === undefined) throw new Error('prometheus is not there')
  const folder = temporaryDirectory()
  installServerCertificate(folder, 'server')
  writeFileSync(
    `${folder}/web.yml`,
    `tls_server_config:
  cert_file: server.pem
  key_file: server.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ${certificateFile('ca')}
basic_auth_users:
  prometheus: ${hashSync('wonderland', 4)}
`,
  )
  const exporter = await startExporter({ webConfigFile: `${folder}/web.yml`, files: false })
  writeFileSync(
    `${folder}/prometheus.yml`,
    `scrape_configs:
  - job_name: procwarden
    scheme: https
    scrape_interval: 1s
    tls_config:
      ca_file: ${certificateFile('ca')}
      cert_file: ${certificateFile('client')}
      key_file: ${certificateFile('client', 'key')}
    basic_auth: { username: prometheus, password: wonderland }
    static_configs: [{ targets: ['${new URL(exporter.url).host}'] }]
`,
  )
  const address = `127.0.0.1:${await choosePort('prometheus', 0)}`
  await temporaryProcess(prometheus, [
    `--config.file=${folder}/prometheus.yml`,
    `--storage.tsdb.path=${folder}/data`,
    `--web.listen-address=${address}`,
    '--log.level=error',
  ])
  const api = async (path: string): Promise<string> => {
    try {
      const response = await fetch(`http://${address}/api/v1/${path}`)
      return response.ok ? await response.text() : ''
    } catch {
      return ''
    }
  }
  const target = await waitFor('a scrape', async () => {
    const { data } = JSON.parse((await api('targets')) || '{}') as {
      data?: { activeTargets: Array<{ health: string; lastError: string }> }
    }
    const [found] = data?.activeTargets ?? []
    return found !== undefined && found.health !== 'unknown' && found
  })
  expect(target).toMatchObject({ health: 'up', lastError: '' })
  // Prometheus keeps the help of a family under the name in its head: without _total only where it read OpenMetrics.
  const metadata = await waitFor('metadata', async () => {
    const text = await api(`targets/metadata?metric=procwarden_group_cpu_seconds`)
    return text.includes('counter') && text
  })
  expect(metadata).toContain('"type":"counter"')
  const count = await waitFor('the series', async () => {
    const text = await api(`query?query=${encodeURIComponent('count({__name__=~"procwarden_.+"}) > 0')}`)
    return text.includes('"value"') && text
  })
  expect(count).toContain('"success"')
})
