import { writeFileSync } from 'node:fs'
import { hashSync } from 'bcryptjs'
import { expect, test } from 'vitest'
import { askOverTls, installServerCertificate } from '../../support/certificates.ts'
import { startRemediator } from '../../support/remediator.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

test('TLS and passwords: a token takes the place of a password, and a password that of a token', async () => {
  const folder = temporaryDirectory()
  installServerCertificate(folder, 'server')
  const webConfigFile = `${folder}/web.yml`
  writeFileSync(
    webConfigFile,
    `tls_server_config: { cert_file: server.pem, key_file: server.key }\nbasic_auth_users: { alice: ${hashSync('wonderland', 4)} }\n`,
  )
  const { url, token } = await startRemediator({ webConfigFile })
  expect(url).toMatch(/^https:/)
  const ask = async (path: string, authorization?: string) =>
    (await askOverTls(`${url}${path}`, authorization === undefined ? {} : { headers: { authorization } })).status
  const alice = `Basic ${Buffer.from('alice:wonderland').toString('base64')}`
  expect([await ask('/metrics'), await ask('/-/healthy')]).toEqual([401, 401])
  expect([await ask('/metrics', alice), await ask('/metrics', `Bearer ${token}`)]).toEqual([200, 200])
  expect([await ask('/api/incidents', alice), await ask('/api/incidents', `Bearer ${token}`)]).toEqual([200, 200])
  expect(await ask('/metrics', 'Bearer wrong')).toBe(401)
})
