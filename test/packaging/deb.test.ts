/** Tests the Debian package as an administrator meets it: built twice, installed, used, upgraded, removed and purged in a fresh Debian. */
import { createHash } from 'node:crypto'
import {
  appendFileSync,
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { layDebianTree } from '../../scripts/package/debian-tree.ts'
import { makeDebianPackage } from '../../scripts/package/debian-package.ts'
import { inventory, unpackChroot, whyNoChroot, type DebianChroot } from '../support/debian-chroot.ts'
import { afterTest, endProcess } from '../support/temporary.ts'
import { waitFor } from '../support/wait-for.ts'
import { freePort } from '../unit/packaging/running-program.ts'
import { ROOT } from '../unit/rules/shipped-rules.ts'

const EPOCH = 1_700_000_000
const why = whyNoChroot()

describe.skipIf(why !== undefined)(`procwarden_*.deb in a fresh Debian 12${why === undefined ? '' : ` (skipped: ${why})`}`, () => {
  let folder: string
  let first: string
  let second: string
  let debian: DebianChroot
  let before: string[]

  beforeAll(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'procwarden-deb-test-'))
    const tree = path.join(folder, 'tree')
    mkdirSync(tree)
    await layDebianTree(tree, EPOCH)
    const options = { epochSeconds: EPOCH, outDir: path.join(folder, 'a') }
    first = await makeDebianPackage(tree, { ...options, version: '1.0' })
    // The next release: another program, and another default in a file that the administrator may have changed.
    appendFileSync(path.join(tree, 'etc/procwarden/exporter.env'), '# Something new.\n')
    second = await makeDebianPackage(tree, { ...options, version: '1.1' })
    debian = await unpackChroot()
    before = inventory(debian.root)
  })

  afterAll(() => {
    debian?.remove()
    if (folder) rmSync(folder, { recursive: true, force: true })
  })

  test('the same files give the same bytes, whenever and under whatever umask they were laid', async () => {
    const tree = path.join(folder, 'tree')
    const odd = path.join(tree, 'usr/lib/procwarden/package.json')
    chmodSync(odd, 0o600)
    utimesSync(odd, 1, 1)
    const again = await makeDebianPackage(tree, { epochSeconds: EPOCH, outDir: path.join(folder, 'b'), version: '1.1' })
    expect(sha256(again)).toBe(sha256(second))
  })

  test('installs where no systemd runs, with a user of its own and both services enabled', () => {
    install(first)
    expect(debian.run(['getent', 'passwd', 'procwarden'])).toMatch(
      /^procwarden:x:\d+:\d+:procwarden:\/var\/lib\/procwarden:\/usr\/sbin\/nologin$/m,
    )
    for (const part of ['exporter', 'remediator']) {
      expect(readable(`etc/procwarden/${part}.yml`)).toContain(`$schema=/usr/share/procwarden/config/${part}.schema.json`)
      expect(lstatSync(inside(`etc/systemd/system/multi-user.target.wants/procwarden-${part}.service`)).isSymbolicLink()).toBe(true)
    }
    // Secrets may be in it.
    expect(lstatSync(inside('etc/procwarden/remediator.yml')).mode & 0o777).toBe(0o640)
    expect(lstatSync(inside('var/lib/procwarden')).mode & 0o777).toBe(0o750)
    expect(debian.run(['dpkg', '--verify', 'procwarden'])).toBe('')
    // For a Grafana elsewhere.
    expect(existsSync(inside('usr/share/procwarden/grafana/import/procwarden-fleet.json'))).toBe(true)
    expect(debian.run(['sh', '-c', 'command -v node || true'])).toBe('')
  })

  test('the command knows its files', () => {
    expect(debian.run(['procwarden', '--version']).trim()).toMatch(/^\d+\.\d+\.\d+$/)
    expect(debian.run(['procwarden', 'rules', 'list', '--name', 'ForkBomb'])).toContain('usr/lib/procwarden/prometheus/rules/')
    expect(readable('usr/share/bash-completion/completions/procwarden')).toContain('procwarden')
  })

  test('the exporter answers on /metrics, as the user and with the capabilities of its unit and no others', async () => {
    const port = await freePort()
    const child = startUnit('exporter', [`--web.listen-address=127.0.0.1:${port}`, '--collector.files.watch=/srv'])
    const metrics = await scrape(port, child.said)
    expect(metrics).toMatch(/^procwarden_file_watch_backend_info\{backend="fanotify",reason="available"\} 1$/m)
    expect(metrics).toMatch(/^procwarden_processes_unreadable\{.*\} 0$/m)
    expect(metrics.match(/^procwarden_collector_success\{.*\} 0$/gm)).toBeNull()
    writeFileSync(inside('srv/created-by-a-stranger'), '')
    await waitFor('the file to be counted', async () =>
      /^procwarden_files_created_total\{directory="\/srv"\} 1$/m.test(await scrape(port, child.said)),
    )
    rmSync(inside('srv/created-by-a-stranger'))
  })

  test('the remediator answers on /metrics and keeps its state where the unit says', async () => {
    const port = await freePort()
    const child = startUnit('remediator', [`--web.listen-address=127.0.0.1:${port}`])
    expect(await scrape(port, child.said)).toMatch(/^procwarden_build_info\{part="remediator"/m)
    const page = await (await fetch(`http://127.0.0.1:${port}/`)).text()
    const assets = [...page.matchAll(/\/assets\/[\w.-]+/g)].map(([asset]) => asset)
    expect(assets.length).toBeGreaterThan(0)
    for (const asset of assets) expect((await fetch(`http://127.0.0.1:${port}${asset}`)).status).toBe(200)
    expect(existsSync(inside('var/lib/procwarden/remediator/procwarden.db'))).toBe(true)
    expect(lstatSync(inside('var/lib/procwarden/remediator/procwarden.db')).uid).not.toBe(0)
    // Root's command finds the service's state without being told.
    expect(debian.run(['procwarden', 'audit', 'verify'])).toContain('The audit trail is intact')
  })

  test('an upgrade keeps what the administrator and the service have written', () => {
    appendFileSync(inside('etc/procwarden/exporter.yml'), '# Mine.\n')
    install(second)
    expect(debian.run(['dpkg-query', '--show', '--showformat=${Version} ${Status}', 'procwarden'])).toBe('1.1 install ok installed')
    expect(readable('etc/procwarden/exporter.yml')).toContain('# Mine.')
    expect(readable('etc/procwarden/exporter.env')).toContain('# Something new.')
    expect(existsSync(inside('var/lib/procwarden/remediator/procwarden.db'))).toBe(true)
    expect(lstatSync(inside('etc/procwarden/remediator.yml')).mode & 0o777).toBe(0o640)
  })

  test('removed, it leaves configuration and state; purged, nothing', () => {
    debian.run(['dpkg', '--remove', 'procwarden'])
    expect(existsSync(inside('usr/lib/procwarden'))).toBe(false)
    expect(existsSync(inside('etc/procwarden/exporter.yml'))).toBe(true)
    expect(existsSync(inside('var/lib/procwarden/remediator/procwarden.db'))).toBe(true)
    writeFileSync(inside('etc/procwarden/web.yml'), '# What the administrator put beside it.\n')
    debian.run(['dpkg', '--purge', 'procwarden'])
    const after = inventory(debian.root)
    expect(after.filter((line) => !before.includes(line))).toEqual([])
    expect(before.filter((line) => !after.includes(line))).toEqual([])
  })

  test('what lies in quarantine is not purged', () => {
    install(second)
    const kept = inside('var/lib/procwarden/remediator/quarantine/one')
    mkdirSync(kept, { recursive: true })
    const document = path.join(kept, 'a-document-of-somebody')
    writeFileSync(document, 'irreplaceable')
    chownSync(document, 1234, 1234)
    debian.run(['chown', 'procwarden:procwarden', '/var/lib/procwarden/remediator/quarantine'])
    debian.run(['dpkg', '--purge', 'procwarden'])
    expect(readFileSync(document, 'utf8')).toBe('irreplaceable')
    // It is still its owner's; what was the service's is root's, for nobody may get its number after it.
    expect([lstatSync(document).uid, lstatSync(path.dirname(kept)).uid]).toEqual([1234, 0])
    expect(existsSync(inside('etc/procwarden'))).toBe(false)
    rmSync(inside('var/lib/procwarden'), { recursive: true })
  })

  function install(file: string): void {
    copyFileSync(file, inside('tmp/procwarden.deb'))
    debian.run(['dpkg', '--install', '/tmp/procwarden.deb'])
  }

  /** What systemd would run: the unit's command, user and capabilities, with more flags. */
  function startUnit(part: string, flags: readonly string[]): { readonly said: () => string } {
    const unit = readFileSync(path.join(ROOT, `packaging/systemd/procwarden-${part}.service`), 'utf8')
    const value = (key: string): string => new RegExp(`^${key}=(.*)$`, 'm').exec(unit)?.[1] ?? ''
    const capabilities = value('AmbientCapabilities')
      .split(' ')
      .map((name) => `+${name.replace('CAP_', '').toLowerCase()}`)
      .join(',')
    expect(value('CapabilityBoundingSet')).toBe(value('AmbientCapabilities'))
    const command = value('ExecStart')
      .split(' ')
      .filter((word) => !word.startsWith('$'))
    const child = debian.start(
      [
        'setpriv',
        `--reuid=${value('User')}`,
        `--regid=${value('Group')}`,
        '--clear-groups',
        '--no-new-privs',
        `--bounding-set=-all,${capabilities}`,
        `--inh-caps=-all,${capabilities}`,
        `--ambient-caps=-all,${capabilities}`,
        ...command,
        ...flags,
      ],
      { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    )
    afterTest(() => endProcess(child))
    let said = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text))
    child.once('exit', (code) => (said += `\nended with ${code}`))
    return { said: () => said }
  }

  async function scrape(port: number, said: () => string): Promise<string> {
    return waitFor(
      `/metrics on ${port}`,
      async () => {
        if (said().includes('\nended with')) throw new Error(said())
        try {
          return await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
        } catch {
          return undefined
        }
      },
      60_000,
    )
  }

  function inside(file: string): string {
    return path.join(debian.root, file)
  }

  function readable(file: string): string {
    return readFileSync(inside(file), 'utf8')
  }
})

function sha256(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex')
}
