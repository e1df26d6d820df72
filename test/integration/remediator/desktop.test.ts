import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { createDesktop, type DesktopOptions } from '../../../src/remediator/notify/desktop.ts'
import { Desktop } from '../../../src/remediator/notify/mail-config.ts'
import { findSessionBuses } from '../../../src/remediator/notify/session-buses.ts'
import { keptLog } from '../../support/log.ts'
import { afterTest, temporaryDirectory, temporaryProcess } from '../../support/temporary.ts'
import { waitFor } from '../../support/wait-for.ts'

const HOSTILE = '--help <b>x</b>\u0007 & "y"'
const SYSTEM_PATH = '/usr/local/bin:/usr/bin:/bin'
/** Debian's, which is the one that Debian's packages are for. */
const PYTHON = '/usr/bin/python3'
const isRoot = process.getuid?.() === 0

/** A runtime folder as a login makes it, with something that listens where the session bus would. */
async function runtimeOf(root: string, uid: number): Promise<string> {
  const folder = path.join(root, String(uid))
  mkdirSync(folder, { mode: 0o700 })
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(path.join(folder, 'bus'), resolve))
  afterTest(() => new Promise<void>((resolve) => server.close(() => resolve())))
  if (isRoot) chownSync(folder, uid, uid)
  return folder
}

/** Stands for notify-send: writes down who it is, where it was pointed to, and what it was given. */
function standIn(script = ''): { readonly folder: string; readonly shown: () => string[] } {
  const folder = temporaryDirectory()
  chmodSync(folder, 0o777)
  const file = path.join(folder, 'shown')
  const lines = [
    '#!/bin/sh',
    script,
    `{ id -u; echo "$DBUS_SESSION_BUS_ADDRESS"; for each in "$@"; do printf '%s\\n' "$each"; done; } > ${file}.$$`,
    `mv ${file}.$$ ${file}`,
  ]
  writeFileSync(path.join(folder, 'notify-send'), `${lines.join('\n')}\n`, { mode: 0o755 })
  return { folder, shown: () => (existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : []) }
}

const options = (more: Partial<DesktopOptions>): DesktopOptions => ({
  config: Desktop.parse({ enabled: true }),
  environment: { PATH: SYSTEM_PATH },
  log: keptLog(),
  passwdFile: '/nowhere',
  ...more,
})

describe('a notice on the desktop', () => {
  test('is shown as its owner, on the bus of that login, and what it says is no option and no markup', async () => {
    const runtimeRoot = temporaryDirectory()
    chmodSync(runtimeRoot, 0o755)
    const uid = isRoot ? 12_345 : (process.getuid?.() ?? 0)
    const folder = await runtimeOf(runtimeRoot, uid)
    const { folder: programs, shown } = standIn()
    const desktop = createDesktop(options({ runtimeRoot, environment: { PATH: `${programs}:${SYSTEM_PATH}` } }))
    expect(await desktop.show(HOSTILE, HOSTILE)).toEqual([{ uid, fault: undefined }])
    const [who, bus, ...args] = shown()
    expect([who, bus]).toEqual([String(uid), `unix:path=${folder}/bus`])
    expect(args.slice(args.indexOf('--'))).toEqual([
      '--',
      String.raw`--help <b>x</b>\x07 & "y"`,
      String.raw`--help &lt;b&gt;x&lt;/b&gt;\x07 &amp; "y"`,
    ])
  })

  test.each([
    ['there is no such program', undefined, 'libnotify-bin'],
    ['it fails', 'echo "no daemon" >&2; exit 1', 'no daemon'],
  ])('says what is wrong when %s', async (_what, script, fault) => {
    const runtimeRoot = temporaryDirectory()
    await runtimeOf(runtimeRoot, process.getuid?.() ?? 0)
    const environment = { PATH: script === undefined ? temporaryDirectory() : `${standIn(script).folder}:${SYSTEM_PATH}` }
    expect(await createDesktop(options({ runtimeRoot, environment })).show('a', 'b')).toEqual([
      { uid: process.getuid?.() ?? 0, fault: expect.stringContaining(fault) },
    ])
  })

  test('that never ends keeps nobody waiting, and is ended', { timeout: 60_000 }, async () => {
    const runtimeRoot = temporaryDirectory()
    await runtimeOf(runtimeRoot, process.getuid?.() ?? 0)
    const { folder } = standIn('exec sleep 600')
    const desktop = createDesktop(options({ runtimeRoot, environment: { PATH: `${folder}:${SYSTEM_PATH}` } }))
    const [result] = await desktop.show('a', 'b')
    expect(result?.fault).toContain('did not end')
  })

  test('is for what the configuration says: severity, event, users', async () => {
    const runtimeRoot = temporaryDirectory()
    await runtimeOf(runtimeRoot, process.getuid?.() ?? 0)
    const { folder, shown } = standIn()
    const config = Desktop.parse({ enabled: true, events: { cooldown: false } })
    const desktop = createDesktop(options({ runtimeRoot, config, environment: { PATH: `${folder}:${SYSTEM_PATH}` } }))
    desktop.notice({ events: ['anomaly'], severity: 'warning', headline: 'not severe', text: '' })
    desktop.notice({ events: ['cooldown'], severity: 'critical', headline: 'switched off', text: '' })
    desktop.notice({ events: ['anomaly'], severity: 'critical', headline: 'wanted', text: '' })
    await waitFor('the notice', () => shown().includes('wanted'))
    const passwdFile = path.join(temporaryDirectory(), 'passwd')
    writeFileSync(passwdFile, `ada:x:${process.getuid?.()}:100::/:/bin/sh\nbob:x:77777:100::/:/bin/sh\n`)
    const buses = (users: string[]) => findSessionBuses({ runtimeRoot, passwdFile, users, ownUid: process.getuid?.() ?? 0 })
    expect([buses([]).length, buses(['ada']).length, buses(['bob']).length, buses(['eve']).length]).toEqual([1, 1, 0, 0])
  })

  test('nobody but root speaks on the bus of another user', async () => {
    const runtimeRoot = temporaryDirectory()
    await runtimeOf(runtimeRoot, process.getuid?.() ?? 0)
    expect(findSessionBuses({ runtimeRoot, passwdFile: '/nowhere', users: [], ownUid: 54_321 })).toEqual([])
  })
})

function isThere(program: string, ...args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const hasDesktopTools =
  isThere('notify-send', '--version') && isThere('dbus-daemon', '--version') && isThere(PYTHON, '-c', 'import dbus, gi.repository.GLib')

// Where notify-send, dbus-daemon and Python's dbus are installed (Debian: libnotify-bin, dbus, python3-dbus, python3-gi).
describe.runIf(hasDesktopTools)('with the real notify-send on a real session bus', () => {
  test('a notice arrives', async () => {
    const runtimeRoot = temporaryDirectory()
    const uid = process.getuid?.() ?? 0
    const folder = path.join(runtimeRoot, String(uid))
    mkdirSync(folder, { mode: 0o700 })
    const address = `unix:path=${folder}/bus`
    await temporaryProcess('dbus-daemon', ['--session', '--nofork', `--address=${address}`])
    await waitFor('the bus', () => existsSync(path.join(folder, 'bus')))
    const daemon = await temporaryProcess(PYTHON, [path.resolve(import.meta.dirname, '../../support/notification-daemon.py')], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, DBUS_SESSION_BUS_ADDRESS: address },
    })
    let output = ''
    daemon.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()))
    await waitFor('the service', () => output.includes('ready'))
    expect(
      await createDesktop(options({ runtimeRoot, environment: { PATH: process.env['PATH'] ?? SYSTEM_PATH } })).show(
        'stopped: storm (pid 7)',
        'It wrote <b>copies</b>.',
      ),
    ).toEqual([{ uid, fault: undefined }])
    const line = await waitFor('the notice', () => output.split('\n').find((each) => each.startsWith('{')))
    expect(JSON.parse(line)).toEqual({
      app: 'procwarden',
      summary: 'stopped: storm (pid 7)',
      body: 'It wrote &lt;b&gt;copies&lt;/b&gt;.',
      urgency: 2,
    })
  })
})
