/** Tests the single executables: in an empty environment, and on a machine that has neither Node nor npm. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildExecutable } from '../../scripts/package/single-file.ts'
import { unpackChroot, whyNoChroot } from '../support/debian-chroot.ts'
import { afterTest, endProcess, exitOf, temporaryDirectory } from '../support/temporary.ts'
import { waitFor } from '../support/wait-for.ts'
import { freePort } from '../unit/packaging/running-program.ts'

let folder: string
let exporter: string
let remediator: string

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'procwarden-bin-test-'))
  exporter = await buildExecutable('procwarden-exporter', folder)
  remediator = await buildExecutable('procwarden-remediator', folder)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('procwarden-exporter', () => {
  test('measures, reloads, and ends, with nothing in its environment and nothing beside it', async () => {
    const watched = temporaryDirectory()
    const scratch = temporaryDirectory()
    const config = path.join(temporaryDirectory(), 'exporter.yml')
    writeFileSync(config, 'groups: [{name: mine, match: {comm: nothing}}]\n')
    const port = await freePort()
    const flags = [`--web.listen-address=127.0.0.1:${port}`, `--collector.files.watch=${watched}`, `--config.file=${config}`]
    const part = start(spawn(exporter, flags, { env: { TMPDIR: scratch }, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] }))
    const metrics = await scrape(port, part.said)
    expect(metrics.match(/^procwarden_collector_success\{.*\} 1$/gm)?.length).toBeGreaterThanOrEqual(6)
    expect(metrics.match(/^procwarden_collector_success\{.*\} 0$/gm)).toBeNull()
    // Processes are read by a thread of its own, system calls are made through the addon: both are inside.
    expect(metrics).toMatch(/^procwarden_group_processes\{group="procwarden-exporter",/m)
    expect(metrics).toContain(`procwarden_file_watch_backend_info{backend="${process.getuid?.() === 0 ? 'fanotify' : 'chokidar'}"`)
    expect(metrics).toMatch(/^procwarden_group_info\{.*category="[a-z-]+"/m)
    // What was unpacked to be loaded is gone again.
    expect(readdirSync(scratch)).toEqual([])

    writeFileSync(config, 'no_such_key: 1\n')
    part.child.kill('SIGHUP')
    await waitFor('the refusal', () => part.said().includes('refused') && part.said().includes('no_such_key'))
    part.child.kill('SIGTERM')
    expect(await exitOf(part.child)).toBe(0)
  })

  test('says what is wrong as the command does', async () => {
    const part = start(spawn(exporter, ['--config.file=/no/such/file'], { env: {}, stdio: ['ignore', 'pipe', 'pipe'] }))
    expect(await exitOf(part.child)).toBe(1)
    expect(part.said()).toBe('procwarden: cannot read the configuration file /no/such/file: there is no such file\n')
  })

  test('goes on where nothing may be loaded, and says so', async () => {
    // Folders that cannot be written to stand for such that are mounted noexec.
    const watched = temporaryDirectory()
    const port = await freePort()
    const flags = [`--web.listen-address=127.0.0.1:${port}`, `--collector.files.watch=${watched}`]
    const command = ['unshare', '--user', '--mount', '--map-root-user', 'sh', '-c', READ_ONLY, 'sh', exporter, ...flags]
    const [file = '', ...args] = command
    const part = start(spawn(file, args, { env: { PATH: '/usr/bin:/bin' }, stdio: ['ignore', 'pipe', 'pipe'] }))
    const metrics = await scrape(port, part.said)
    expect(metrics).toMatch(/^procwarden_file_watch_backend_info\{backend="chokidar",reason="unsupported"\} 1$/m)
    expect(metrics).toMatch(/^procwarden_lifecycle_backend_info\{backend="scan",/m)
    expect(part.said()).toContain('set TMPDIR')
  })
})

/** Everything read-only for what comes then. */
const READ_ONLY = 'for dir in /tmp /dev/shm /var/tmp /run; do mount --bind $dir $dir && mount -o remount,bind,ro $dir; done && exec "$@"'

test('procwarden-remediator serves, with a store and tokens of its own', async () => {
  const stateDir = path.join(temporaryDirectory(), 'state')
  const port = await freePort()
  const flags = [`--web.listen-address=127.0.0.1:${port}`, `--state.dir=${stateDir}`]
  const part = start(spawn(remediator, flags, { env: {}, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] }))
  expect(await scrape(port, part.said)).toMatch(/^procwarden_build_info\{part="remediator"/m)
  expect(existsSync(path.join(stateDir, 'remediator/procwarden.db'))).toBe(true)
  const page = await (await fetch(`http://127.0.0.1:${port}/`)).text()
  const assets = [...page.matchAll(/\/assets\/[\w.-]+/g)].map(([asset]) => asset)
  expect(assets.length).toBeGreaterThan(0)
  for (const asset of assets) expect((await fetch(`http://127.0.0.1:${port}${asset}`)).status).toBe(200)
  part.child.kill('SIGTERM')
  expect(await exitOf(part.child)).toBe(0)

  const command = (...args: string[]) => spawnSync(remediator, args, { env: {}, encoding: 'utf8' })
  // What people ask of it is in it; what needs files beside it says so.
  expect(command('audit', 'verify', '--state.dir', stateDir).stdout).toContain('The audit trail is intact')
  expect(command('--version').stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  expect(command('rules', 'list')).toMatchObject({ status: 1, stderr: expect.stringContaining('not in this executable') })
  expect(command('nonsense')).toMatchObject({ status: 1, stderr: expect.stringContaining("unknown command 'nonsense'") })
})

const why = whyNoChroot()

describe.skipIf(why !== undefined)(`on a machine without Node${why === undefined ? '' : ` (skipped: ${why})`}`, () => {
  test('the exporter starts and is scraped', async () => {
    const debian = await unpackChroot()
    afterTest(() => debian.remove())
    expect(debian.run(['sh', '-c', 'command -v node npm || true'])).toBe('')
    mkdirSync(path.join(debian.root, 'opt/watched'))
    copyFileSync(exporter, path.join(debian.root, 'opt/procwarden-exporter'))
    const port = await freePort()
    const flags = [`--web.listen-address=127.0.0.1:${port}`, '--collector.files.watch=/opt/watched']
    const part = start(debian.start(['/opt/procwarden-exporter', ...flags], { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }))
    expect(await scrape(port, part.said)).toContain('procwarden_file_watch_backend_info{backend="fanotify",reason="available"} 1')
  })
})

function start(child: ChildProcess): { readonly child: ChildProcess; readonly said: () => string } {
  afterTest(() => endProcess(child))
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text))
  return { child, said: () => said }
}

async function scrape(port: number, said: () => string): Promise<string> {
  return waitFor(
    `/metrics on ${port}: ${said()}`,
    async () => {
      try {
        return await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
      } catch {
        return undefined
      }
    },
    60_000,
  )
}
