import { copyFileSync, readFileSync } from 'node:fs'
import { hashSync } from 'bcryptjs'
import { describe, expect, test } from 'vitest'
import { UsageError } from '../../../src/lib/errors.ts'
import { parseWebConfig } from '../../../src/lib/web-config.ts'
import { certificateFile, installServerCertificate } from '../../support/certificates.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

const HASH = hashSync('secret', 4)

function folder(): string {
  const directory = temporaryDirectory()
  installServerCertificate(directory, 'server')
  copyFileSync(certificateFile('ca'), `${directory}/ca.pem`)
  return directory
}

function faultsOf(text: string, directory = folder()): string[] {
  try {
    parseWebConfig(text, `${directory}/web.yml`)
  } catch (error) {
    if (error instanceof UsageError) return error.message.split('\n').map((line) => line.replaceAll(`${directory}/`, ''))
    throw error
  }
  return []
}

describe('the web configuration', () => {
  test('an empty file asks for nothing', () => {
    expect(parseWebConfig('', '/x/web.yml')).toEqual({ tls: undefined, users: new Map(), headers: new Map(), files: ['/x/web.yml'] })
  })

  test('everything that exporter-toolkit documents and we do, with paths relative to the file', () => {
    const directory = folder()
    const config = parseWebConfig(
      `tls_server_config:
  cert_file: server.pem
  key_file: ${directory}/server.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ca.pem
  client_allowed_sans: [scraper.example]
  min_version: TLS13
basic_auth_users:
  alice: ${HASH}
  "2": ${HASH.replace('$2b$', '$2y$')}
http_server_config:
  http2: false
  headers:
    X-Frame-Options: deny
    X-Content-Type-Options: nosniff
    X-XSS-Protection: ""
    Strict-Transport-Security: max-age=31536000
`,
      `${directory}/web.yml`,
    )
    expect(config.tls).toMatchObject({ clientAuthType: 'RequireAndVerifyClientCert', clientAllowedSans: new Set(['scraper.example']) })
    expect(config.tls?.context).toEqual({
      cert: readFileSync(certificateFile('server'), 'utf8'),
      key: readFileSync(certificateFile('server', 'key'), 'utf8'),
      ca: readFileSync(certificateFile('ca'), 'utf8'),
      minVersion: 'TLSv1.3',
      maxVersion: 'TLSv1.3',
    })
    expect([...config.users.keys()].toSorted()).toEqual(['2', 'alice'])
    expect(config.headers.get('X-Frame-Options')).toBe('deny')
    expect(config.headers.has('X-XSS-Protection')).toBe(false)
    expect(config.files).toEqual(['web.yml', 'server.pem', 'server.key', 'ca.pem'].map((name) => `${directory}/${name}`))
  })

  test.each([
    [
      'tls_server_config:\n  cert_file: no.pem\n  key_file: server.key',
      ['web.yml:2: tls_server_config.cert_file: cannot read no.pem: there is no such file'],
    ],
    ['tls_server_config:\n  cert_file: server.pem', [expect.stringContaining('web.yml:2: tls_server_config.key_file: ')]],
    [
      'tls_server_config:\n  key_file: server.key\n  cert_file: ca.pem',
      [expect.stringMatching(/^web\.yml:3: tls_server_config\.cert_file: not usable with its key/)],
    ],
    [
      'tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n  client_auth_type: RequireAndVerifyClientCert',
      ['web.yml:4: tls_server_config.client_auth_type: client_ca_file is needed to verify clients with'],
    ],
    [
      'tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n\n  client_ca_file: ca.pem',
      ['web.yml:5: tls_server_config.client_ca_file: NoClientCert does not verify clients'],
    ],
    [
      'tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n  min_version: SSL3',
      [expect.stringMatching(/^web\.yml:4: tls_server_config\.min_version: .*TLS12/)],
    ],
    [
      'basic_auth_users:\n  bob: secret',
      [expect.stringMatching(/^web\.yml:2: basic_auth_users\.bob: not a bcrypt hash; make one with: htpasswd/)],
    ],
    [
      `basic_auth_users:\n  bob: ${HASH.replace('$04$', '$20$')}`,
      [expect.stringContaining('web.yml:2: basic_auth_users.bob: a cost above 15')],
    ],
    [`basic_auth_users:\n  "a:b": ${HASH}`, [expect.stringContaining('basic_auth_users')]],
    ['http_server_config:\n  headers:\n    X-Frame-Options: maybe', [expect.stringMatching(/^web\.yml:3: .*deny or sameorigin/)]],
    [
      'http_server_config:\n  headers:\n    Content-Security-Policy: "a\\r\\nSet-Cookie: b"',
      [expect.stringMatching(/^web\.yml:3: .*printable ASCII/)],
    ],
    ['basic_auth_user: {}', [expect.stringMatching(/^web\.yml:1: .*basic_auth_user/)]],
  ])('%j is refused with its line', (text, faults) => {
    expect(faultsOf(text)).toEqual(faults)
  })

  test('no fault repeats a password or a hash', () => {
    expect(faultsOf('basic_auth_users:\n  bob: hunter22').join()).not.toContain('hunter22')
  })
})
