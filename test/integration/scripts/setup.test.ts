/** Set-up's parts on real files, processes and a real HTTP server; what they would fetch from elsewhere is made here. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { archiveOf, unpackArchive } from '../../../scripts/setup/archive.mjs'
import { withLock } from '../../../scripts/setup/lock.mjs'
import { packagesAreReady } from '../../../scripts/setup/packages.mjs'
import { SetupError, run } from '../../../scripts/setup/run.mjs'

const checkout = path.resolve(import.meta.dirname, '../../..')

let folder: string

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'procwarden-setup-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('the whole', () => {
  test('does and says nothing in a checkout that is set up', async () => {
    const result = await execa(process.execPath, [path.join(checkout, 'scripts', 'setup.mjs')])
    expect(result).toMatchObject({ stdout: '', stderr: '' })
  })
})

describe('packagesAreReady', () => {
  const locked = { 'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' }, 'node_modules/b': { version: '2.0.0', optional: true } }

  beforeEach(() => {
    mkdirSync(path.join(folder, 'node_modules', 'a'), { recursive: true })
    symlinkSync(path.join(checkout, 'node_modules', 'node'), path.join(folder, 'node_modules', 'node'))
    write('package-lock.json', locked)
    write('node_modules/.package-lock.json', { 'node_modules/a': locked['node_modules/a'] })
  })

  function write(file: string, packages: object): void {
    writeFileSync(path.join(folder, file), JSON.stringify({ packages }))
  }

  test('is satisfied with what the lock file asks for, without other platforms’ packages', () => {
    expect(packagesAreReady(folder)).toBe(true)
  })

  test('sees another version', () => {
    write('package-lock.json', { 'node_modules/a': { version: '1.0.1', integrity: 'sha512-c' } })
    expect(packagesAreReady(folder)).toBe(false)
  })

  test('sees an interrupted installation, for which npm leaves no record', () => {
    rmSync(path.join(folder, 'node_modules', '.package-lock.json'))
    expect(packagesAreReady(folder)).toBe(false)
  })

  test('sees a package that was deleted by hand', () => {
    rmSync(path.join(folder, 'node_modules', 'a'), { recursive: true })
    expect(packagesAreReady(folder)).toBe(false)
  })

  test('sees that the bundled Node is missing or does not run', () => {
    rmSync(path.join(folder, 'node_modules', 'node'))
    expect(packagesAreReady(folder)).toBe(false)
    mkdirSync(path.join(folder, 'node_modules', 'node', 'bin'), { recursive: true })
    writeFileSync(path.join(folder, 'node_modules', 'node', 'bin', 'node'), '#!/bin/sh\necho v20.20.2\n', { mode: 0o755 })
    expect(packagesAreReady(folder)).toBe(false)
  })

  test('names a damaged lock file and the way out', () => {
    writeFileSync(path.join(folder, 'package-lock.json'), '{')
    expect(() => packagesAreReady(folder)).toThrow(/restore it from version control/)
  })
})

describe('withLock', () => {
  const said: string[] = []
  const context = {
    signal: AbortSignal.timeout(20_000),
    progress: { say: (text: string) => said.push(text), step: <T>(_: string, work: () => Promise<T>) => work() },
  }

  test('lets one work after the other', async () => {
    const file = path.join(folder, 'deep', 'setup.lock')
    const events: string[] = []
    const work = (name: string) => async () => {
      events.push(`${name} begins`)
      expect(readFileSync(file, 'utf8')).toBe(String(process.pid))
      await new Promise((resolve) => setImmediate(resolve))
      events.push(`${name} ends`)
    }
    await Promise.all([withLock(file, context, work('first')), withLock(file, context, work('second'))])
    expect(events).toEqual(['first begins', 'first ends', 'second begins', 'second ends'])
    expect(existsSync(file)).toBe(false)
  })

  test('takes over from one that has died', async () => {
    const file = path.join(folder, 'setup.lock')
    const died = await execa('sh', ['-c', 'echo $$'])
    writeFileSync(file, died.stdout)
    await withLock(file, context, () => Promise.resolve())
    expect(existsSync(file)).toBe(false)
  })

  test('is given back when the work fails', async () => {
    const file = path.join(folder, 'setup.lock')
    await expect(withLock(file, context, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(existsSync(file)).toBe(false)
  })
})

describe('run', () => {
  test('keeps what the program said', async () => {
    const result = await run('sh', ['-c', 'echo out; echo err >&2; exit 1'], { signal: new AbortController().signal, timeoutMs: 20_000 })
    expect(result).toMatchObject({ ok: false, output: expect.stringMatching(/out[^]*err/) })
  })

  test('is not ok for a program that is not there', async () => {
    const result = await run(path.join(folder, 'absent'), [], { signal: new AbortController().signal, timeoutMs: 20_000 })
    expect(result).toMatchObject({ ok: false, output: expect.stringContaining('ENOENT') })
  })

  test('gives up on one that does not end', async () => {
    const result = await run('sleep', ['600'], { signal: new AbortController().signal, timeoutMs: 1 })
    expect(result).toMatchObject({ ok: false, output: expect.stringContaining('gave up') })
  })

  test('ends the program and what it started when set-up is stopped', async () => {
    const abort = new AbortController()
    // The pipe is held by the grandchild too, so `run` comes back only when both are gone.
    const running = run('sh', ['-c', 'sleep 600 & sleep 600'], { signal: abort.signal, timeoutMs: 60_000 })
    abort.abort(new SetupError('stopped'))
    await expect(running).rejects.toThrow('stopped')
  })
})

describe('release archives', () => {
  let server: Server
  let url: string
  let archive: Buffer

  beforeEach(async () => {
    mkdirSync(path.join(folder, 'tool-1.0.0'))
    writeFileSync(path.join(folder, 'tool-1.0.0', 'tool'), 'content')
    execFileSync('tar', ['-czf', path.join(folder, 'made.tar.gz'), '-C', folder, 'tool-1.0.0'])
    archive = readFileSync(path.join(folder, 'made.tar.gz'))
    server = createServer(
      (request, response) => void (request.url === '/tool.tar.gz' ? response.end(archive) : response.writeHead(404).end()),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    url = typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}/tool.tar.gz` : ''
  })
  afterEach(() => void server.close())

  const context = { env: process.env, signal: new AbortController().signal }
  const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex')
  const target = () => mkdtempSync(path.join(folder, 'into-'))

  test('are unpacked when they are what was pinned', async () => {
    const into = target()
    const result = await unpackArchive(context, { version: '1.0.0', name: 'tool-1.0.0', url, sha256: sha256(archive) }, into)
    expect(result).toEqual({ ok: true, folder: path.join(into, 'unpacked', 'tool-1.0.0') })
    expect(readFileSync(path.join(into, 'unpacked', 'tool-1.0.0', 'tool'), 'utf8')).toBe('content')
  })

  test('are refused before unpacking when they are not', async () => {
    const into = target()
    const result = await unpackArchive(context, { version: '1.0.0', name: 'tool-1.0.0', url, sha256: sha256(Buffer.from('other')) }, into)
    expect(result).toMatchObject({ ok: false, sentence: expect.stringContaining('not the release that was pinned') })
    expect(existsSync(path.join(into, 'unpacked'))).toBe(false)
  })

  test('tell when the host does not have them or does not answer', async () => {
    const pinned = { version: '1.0.0', name: 'tool-1.0.0', sha256: sha256(archive) }
    const absent = await unpackArchive(context, { ...pinned, url: `${url}.old` }, target())
    expect(absent).toMatchObject({ ok: false, output: expect.stringContaining('404') })
    await new Promise((resolve) => server.close(resolve))
    const refused = await unpackArchive(context, { ...pinned, url }, target())
    expect(refused).toMatchObject({
      ok: false,
      sentence: expect.stringContaining('could not be reached'),
      output: expect.stringContaining('ECONNREFUSED'),
    })
  })

  test('are pinned for Linux, and for no platform whose checksum is unknown', () => {
    expect(archiveOf('prometheus', 'linux', 'x64')?.url).toMatch(/\/prometheus-[\d.]+\.linux-amd64\.tar\.gz$/)
    expect(archiveOf('alertmanager', 'linux', 'arm64')?.sha256).toMatch(/^[0-9a-f]{64}$/)
    expect(archiveOf('prometheus', 'win32', 'x64')).toBeUndefined()
  })
})
