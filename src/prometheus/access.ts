/** Owns how a Prometheus is reached: address, credentials and certificates from flags and files. Secrets are read from files, never shown. */
import { readFileSync } from 'node:fs'
import { UsageError, errnoOf, messageOf } from '../lib/errors.ts'
import type { PrometheusAccess } from './client.ts'

export interface AccessOptions {
  readonly url: string
  readonly user?: string | undefined
  readonly passwordFile?: string | undefined
  readonly tokenFile?: string | undefined
  /** `Name: value`, such as a tenant's. */
  readonly headers?: readonly string[] | undefined
  readonly caFile?: string | undefined
  readonly certFile?: string | undefined
  readonly keyFile?: string | undefined
  readonly serverName?: string | undefined
  readonly insecure?: boolean | undefined
}

/** Throws UsageError with every fault at once. */
export function prometheusAccess(options: AccessOptions): PrometheusAccess {
  const faults: string[] = []
  const attempt = <Value>(work: () => Value): Value | undefined => {
    try {
      return work()
    } catch (error) {
      faults.push(messageOf(error))
      return undefined
    }
  }
  const url = attempt(() => parseUrl(options.url))
  const authorization = attempt(() => authorizationOf(options, url))
  const headers = attempt(() => Object.fromEntries((options.headers ?? []).map(parseHeader)))
  const read = (file: string | undefined, flag: string): string | undefined =>
    file === undefined ? undefined : attempt(() => readText(file, flag))
  const ca = read(options.caFile, '--prometheus.ca-file')
  const cert = read(options.certFile, '--prometheus.cert-file')
  const key = read(options.keyFile, '--prometheus.key-file')
  if ((options.certFile === undefined) !== (options.keyFile === undefined))
    faults.push('--prometheus.cert-file and --prometheus.key-file go together')
  if (url === undefined || faults.length > 0) throw new UsageError(faults.join('\n'))
  url.username = ''
  url.password = ''
  return {
    url,
    headers: { ...headers, ...(authorization === undefined ? {} : { authorization }) },
    tls: {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(options.serverName === undefined ? {} : { servername: options.serverName }),
      ...(options.insecure === true ? { rejectUnauthorized: false } : {}),
    },
  }
}

function parseUrl(text: string): URL {
  const url = URL.parse(/^[a-z]+:\/\//i.test(text) ? text : `http://${text}`)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new UsageError('--prometheus.url is no address: write http://HOST:PORT or https://HOST:PORT')
  return url
}

function authorizationOf(options: AccessOptions, url: URL | undefined): string | undefined {
  const user = options.user ?? (url === undefined || url.username === '' ? undefined : decodeURIComponent(url.username))
  if (options.tokenFile !== undefined) {
    if (user !== undefined) throw new UsageError('give either a user or --prometheus.token-file, not both')
    return `Bearer ${readText(options.tokenFile, '--prometheus.token-file').trim()}`
  }
  if (user === undefined || user === '') {
    if (options.passwordFile !== undefined) throw new UsageError('--prometheus.password-file needs --prometheus.user')
    return undefined
  }
  const password =
    options.passwordFile === undefined
      ? decodeURIComponent(url?.password ?? '')
      : readText(options.passwordFile, '--prometheus.password-file').replace(/\r?\n$/, '')
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}

function parseHeader(text: string): [string, string] {
  const [, name, value] = /^([A-Za-z0-9-]+):\s*([\t\u0020-\u007e]*)$/.exec(text) ?? []
  if (name === undefined || value === undefined) throw new UsageError('--prometheus.header wants "Name: value" in printable ASCII')
  return [name.toLowerCase(), value]
}

function readText(file: string, flag: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const why = errnoOf(error) === 'ENOENT' ? 'there is no such file' : messageOf(error)
    throw new UsageError(`${flag} ${file}: ${why}`, error)
  }
}
