import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadConfigFile, parseConfig } from '../../../src/lib/config-file.ts'
import { RemediatorConfig, loadSettings } from '../../../src/remediator/config.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

const SHIPPED = path.resolve(import.meta.dirname, '../../../config/remediator.yml')
const OPTIONS = { stateDir: '/nowhere', address: { host: '127.0.0.1', port: 0 } }

function withFile(text: string): string {
  const file = path.join(temporaryDirectory(), 'remediator.yml')
  writeFileSync(file, text)
  return file
}

describe('config/remediator.yml', () => {
  test('says exactly the defaults', () => {
    expect(loadConfigFile(RemediatorConfig, SHIPPED)).toEqual(loadConfigFile(RemediatorConfig, undefined))
  })

  test('the default touches nothing', () => {
    expect(loadConfigFile(RemediatorConfig, undefined).mode).toBe('observe')
  })

  test('all faults are told at once, each with its line', () => {
    const text = 'mode: bold\npolicies:\n  - name: A b\n    match: ["remediate"]\n    action: explode\nnonsense: 1\n'
    const faults = (() => {
      try {
        parseConfig(RemediatorConfig, text, 'r.yml')
        return ''
      } catch (error) {
        return String(error)
      }
    })()
    for (const fault of [
      'r.yml:1: mode:',
      'r.yml:3: policies.0.name:',
      'r.yml:4: policies.0.match.0:',
      'r.yml:5: policies.0.action:',
      'nonsense',
    ])
      expect(faults).toContain(fault)
  })

  test('a file that is no YAML, or names a key twice, is refused with its line', () => {
    expect(() => parseConfig(RemediatorConfig, 'mode: [', 'r.yml')).toThrow('r.yml:1')
    expect(() => parseConfig(RemediatorConfig, 'mode: auto\nmode: observe\n', 'r.yml')).toThrow('r.yml:2')
  })

  test('two policies of one name are refused', () => {
    const policy = '{name: one, match: [a=b], action: kill}'
    expect(() => parseConfig(RemediatorConfig, `policies: [${policy}, ${policy}]`, 'r.yml')).toThrow('a second policy is named "one"')
  })
})

describe('mail settings', () => {
  test('the environment wins over the file', () => {
    const configFile = withFile('mail: {smtp_url: "smtp://file:25", from: file@x, to: [file@x]}\n')
    const environment = { PROCWARDEN_SMTP_URL: 'smtp://env:25', PROCWARDEN_MAIL_FROM: 'env@x', PROCWARDEN_MAIL_TO: 'a@x, b@x' }
    expect(loadSettings({ ...OPTIONS, configFile }, environment).mail).toMatchObject({
      smtpUrl: 'smtp://env:25',
      from: 'env@x',
      to: ['a@x', 'b@x'],
    })
    expect(loadSettings({ ...OPTIONS, configFile }, {}).mail).toMatchObject({ smtpUrl: 'smtp://file:25', to: ['file@x'] })
  })

  test('a password can be in a file of its own, and is in no message', () => {
    const secret = withFile('smtp://user:hunter2@mail:587\n')
    expect(loadSettings({ ...OPTIONS, configFile: withFile(`mail: {smtp_url_file: ${secret}, to: [a@x]}\n`) }, {}).mail?.smtpUrl).toBe(
      'smtp://user:hunter2@mail:587',
    )
    const wrong = withFile('mail: {smtp_url: "http://user:hunter2@mail", to: [a@x]}\n')
    expect(() => loadSettings({ ...OPTIONS, configFile: wrong }, {})).toThrow(/^(?!.*hunter2).*not an address/s)
  })

  test('half a configuration is refused, none is none', () => {
    expect(() => loadSettings(OPTIONS, { PROCWARDEN_SMTP_URL: 'smtp://x' })).toThrow('no recipient')
    expect(() => loadSettings(OPTIONS, { PROCWARDEN_MAIL_TO: 'a@x' })).toThrow('no server')
    expect(loadSettings(OPTIONS, {}).mail).toBeUndefined()
  })
})
