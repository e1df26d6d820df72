/**
 * Tests how a Grafana of this machine is found, configured and supervised. No Grafana can run here: a stand-in writes down what
 * it was given and answers the question whether it is well.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { DATASOURCE_UID, HOME_UID } from '../../../grafana/uids.ts'
import { createLogger } from '../../../src/lib/log.ts'
import { Child } from '../../../src/stack/child.ts'
import { findGrafanaHome, prepareGrafana } from '../../../src/stack/grafana.ts'
import { choosePort } from '../../../src/stack/ports.ts'
import { waitUntilReady } from '../../../src/stack/readiness.ts'
import { findTool } from '../../../src/stack/tools.mjs'
import { standInGrafana } from '../../support/grafana-program.ts'
import { afterTest, temporaryDirectory } from '../../support/temporary.ts'

const log = createLogger({ level: 'error', format: 'text', part: 'up', destination: { write: () => undefined } })

describe('findTool', () => {
  test('finds grafana on PATH, new or old by name, but neither an old version nor the script of a package', () => {
    const { binary, folder } = standInGrafana('grafana', '11.6.0')
    const cache = { PROCWARDEN_CACHE_DIR: temporaryDirectory() }
    expect(findTool('grafana', { ...cache, PATH: folder })).toBe(binary)
    const old = standInGrafana('grafana-server', '11.0.1', 'Version 11.0.1 (commit: 8a8b5a0, branch: HEAD)')
    expect(findTool('grafana', { ...cache, PATH: old.folder })).toBe(old.binary)
    const outdated = standInGrafana('grafana', '10.4.2')
    expect(findTool('grafana', { ...cache, PATH: `${outdated.folder}:${folder}` })).toBe(binary)
  })
})

describe('findGrafanaHome', () => {
  test('is the folder above the program, as in a release archive, or below it, as with Homebrew', () => {
    const { binary, home } = standInGrafana('grafana', '11.6.0')
    expect(findGrafanaHome(binary)).toBe(home)
    const prefix = temporaryDirectory()
    mkdirSync(path.join(prefix, 'bin'))
    mkdirSync(path.join(prefix, 'share/grafana/conf'), { recursive: true })
    writeFileSync(path.join(prefix, 'share/grafana/conf/defaults.ini'), '')
    writeFileSync(path.join(prefix, 'bin/grafana'), '')
    chmodSync(path.join(prefix, 'bin/grafana'), 0o755)
    expect(findGrafanaHome(path.join(prefix, 'bin/grafana'))).toBe(path.join(prefix, 'share/grafana'))
  })
})

describe('prepareGrafana', () => {
  const addresses = { address: '127.0.0.1:4444', prometheus: '127.0.0.1:1111', remediator: '127.0.0.1:2222', scrapeIntervalMs: 2_000 }

  test('writes a configuration on loopback that provisions the shipped dashboards with this loop', () => {
    const stateDir = temporaryDirectory()
    const part = prepareGrafana({ ...addresses, binary: '/opt/grafana/bin/grafana', homePath: '/opt/grafana', stateDir })
    const folder = path.join(stateDir, 'grafana')
    expect(part).toMatchObject({
      command: '/opt/grafana/bin/grafana',
      args: ['server', '--homepath=/opt/grafana', `--config=${folder}/grafana.ini`],
      readyUrl: 'http://127.0.0.1:4444/api/health',
    })
    const config = readIni(path.join(folder, 'grafana.ini'))
    expect(config).toMatchObject({
      server: { http_addr: '127.0.0.1', http_port: '4444' },
      'auth.anonymous': { enabled: 'true', org_role: 'Viewer' },
      security: { disable_initial_admin_creation: 'true' },
      analytics: { reporting_enabled: 'false', check_for_updates: 'false' },
      plugins: { preinstall_disabled: 'true' },
    })
    for (const place of Object.values(config['paths'] ?? {})) expect(place.startsWith(`${folder}/`)).toBe(true)
    expect(existsSync(config['dashboards']?.['default_home_dashboard_path'] ?? '')).toBe(true)
    expect(config['dashboards']?.['default_home_dashboard_path']).toContain(`${HOME_UID}.json`)

    const provisioning = config['paths']?.['provisioning'] ?? ''
    expect(parse(readFileSync(path.join(provisioning, 'datasources/procwarden.yml'), 'utf8'))).toMatchObject({
      datasources: [{ uid: DATASOURCE_UID, url: 'http://127.0.0.1:1111', jsonData: { timeInterval: '2s' }, editable: false }],
    })
    const providers = parse(readFileSync(path.join(provisioning, 'dashboards/procwarden.yml'), 'utf8')) as {
      providers: Array<{ allowUiUpdates: boolean; options: { path: string } }>
    }
    expect(providers.providers).toMatchObject([{ allowUiUpdates: false, options: { path: path.join(folder, 'dashboards') } }])
    const shipped = path.resolve(import.meta.dirname, '../../../grafana/dashboards')
    expect(readdirSync(path.join(folder, 'dashboards')).toSorted()).toEqual(readdirSync(shipped).toSorted())
    const anomalies = readFileSync(path.join(folder, 'dashboards/procwarden-anomalies.json'), 'utf8')
    expect(anomalies).toContain('http://127.0.0.1:2222')
    expect(anomalies).not.toContain('http://127.0.0.1:9931')
  })

  test('calls the program of old by itself', () => {
    const stateDir = temporaryDirectory()
    const { args } = prepareGrafana({
      ...addresses,
      binary: '/usr/share/grafana/bin/grafana-server',
      homePath: '/usr/share/grafana',
      stateDir,
    })
    expect(args).toEqual(['--homepath=/usr/share/grafana', `--config=${stateDir}/grafana/grafana.ini`])
  })

  test('its program is started with that and supervised like the other parts', async () => {
    const stateDir = temporaryDirectory()
    const { binary, home, given } = standInGrafana('grafana', '12.1.0')
    const address = `127.0.0.1:${await choosePort('grafana', 0)}`
    const child = new Child(prepareGrafana({ ...addresses, address, binary, homePath: home, stateDir }), log, undefined)
    child.start()
    afterTest(() => child.stop(5_000))
    await waitUntilReady(child, log, new AbortController().signal)
    expect(given()).toEqual(['server', `--homepath=${home}`, `--config=${stateDir}/grafana/grafana.ini`])
    const { pid } = child
    child.keepAlive()
    process.kill(pid ?? 0, 'SIGKILL')
    await expect.poll(() => child.pid !== pid && !child.hasExited, { timeout: 10_000 }).toBe(true)
    await waitUntilReady(child, log, new AbortController().signal)
  })
})

function readIni(file: string): Record<string, Record<string, string>> {
  const sections: Record<string, Record<string, string>> = {}
  let section: Record<string, string> = {}
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const name = /^\[(.+)\]$/.exec(line)?.[1]
    if (name !== undefined) sections[name] = section = {}
    const [key, value] = line.split(' = ')
    if (name === undefined && key !== undefined && value !== undefined) section[key] = value
  }
  return sections
}
