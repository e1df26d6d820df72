/** Tests what the parts tell a service manager, over the socket that systemd would give them. */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { serviceManagerSettings } from '../../../src/lib/systemd/config.ts'
import { connectServiceManager } from '../../../src/lib/systemd/service-manager.ts'
import { PROCWARDEN } from '../../support/loop.ts'
import { keptLog } from '../../support/log.ts'
import { listenNotify } from '../../support/notify-socket.ts'
import { exitOf, temporaryDirectory, temporaryProcess } from '../../support/temporary.ts'
import { waitFor } from '../../support/wait-for.ts'

const MODULE = new URL('../../../src/lib/systemd/service-manager.ts', import.meta.url).href

describe('a part as a service', () => {
  test.each(['exporter', 'remediator'])('%s: ready when it serves, reloading, stopping, and alive in between', async (part) => {
    const folder = temporaryDirectory()
    const config = path.join(folder, 'config.yml')
    writeFileSync(config, '')
    const manager = listenNotify(path.join(folder, 'notify'))
    const args = [part, '--config.file', config, '--web.listen-address', '127.0.0.1:0']
    const more = part === 'exporter' ? ['--collector.files.watch', folder] : ['--state.dir', path.join(folder, 'state')]
    const child = await temporaryProcess(PROCWARDEN, [...args, ...more], {
      env: { ...process.env, NOTIFY_SOCKET: path.join(folder, 'notify'), WATCHDOG_USEC: '200000' },
    })
    const said = await manager.upTo('READY=1')
    expect(said.join('\n')).not.toContain('STOPPING')
    // Fed from then on, by the process that systemd started: it has become another program under the same pid.
    await manager.upTo('WATCHDOG=1')
    await manager.upTo('WATCHDOG=1')

    const before = monotonicUsec()
    child.kill('SIGHUP')
    const reloading = (await manager.upTo('RELOADING=1')).at(-1) ?? ''
    const usec = Number(/^MONOTONIC_USEC=(\d+)$/m.exec(reloading)?.[1])
    expect(usec).toBeGreaterThanOrEqual(before)
    expect(usec).toBeLessThanOrEqual(monotonicUsec())
    await manager.upTo('READY=1')

    writeFileSync(config, 'no_such_key: 1\n')
    child.kill('SIGHUP')
    const refused = await manager.upTo('READY=1')
    expect(refused.join('\n')).toMatch(/RELOADING=1[\s\S]*READY=1\nSTATUS=.*refused/)

    child.kill('SIGTERM')
    await manager.upTo('STOPPING=1')
    expect(await exitOf(child)).toBe(0)
  })

  test('an event loop that is stuck feeds no watchdog', async () => {
    const folder = temporaryDirectory()
    const manager = listenNotify(path.join(folder, 'notify'))
    const code = `
      const { connectServiceManager } = await import(${JSON.stringify(MODULE)})
      const { writeSync } = await import('node:fs')
      const log = { debug() {}, info() {}, warn() {}, error() {} }
      connectServiceManager(log).ready()
      process.stdin.once('data', () => {
        writeSync(1, 'stuck\\n')
        const end = performance.now() + 1500
        while (performance.now() < end);
        process.kill(process.pid, 'SIGKILL')
      })`
    const child = await temporaryProcess(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, NOTIFY_SOCKET: path.join(folder, 'notify'), WATCHDOG_USEC: '100000' },
    })
    await manager.upTo('WATCHDOG=1')
    const { stdin, stdout } = child
    if (!stdin || !stdout) throw new Error('pipes were asked for')
    const stuck = new Promise((resolve) => stdout.once('data', resolve))
    stdin.write('now\n')
    await stuck
    manager.read()
    // Fifteen times the interval after which systemd would end it.
    expect(await exitOf(child)).toBe('SIGKILL')
    expect(manager.read()).toEqual([])
    expect(await text(stdout)).toBe('')
  })
})

describe('telling the service manager', () => {
  test('in the abstract namespace, as the kernel lists it', async () => {
    const name = `@procwarden-test-${process.pid}-${Date.now()}`
    const manager = listenNotify(name)
    expect(readFileSync('/proc/net/unix', 'utf8')).toContain(`${name}\n`)
    const part = connectServiceManager(keptLog(), { notifySocket: name, watchdogMs: undefined })
    part.ready('Serving on\nport 1')
    part.close()
    expect(manager.read()).toEqual(['READY=1\nSTATUS=Serving on port 1'])
  })

  test('what does not fit into its queue comes later, in order', async () => {
    const folder = temporaryDirectory()
    const manager = listenNotify(path.join(folder, 'notify'))
    const part = connectServiceManager(keptLog(), { notifySocket: path.join(folder, 'notify'), watchdogMs: undefined })
    // More than net.unix.max_dgram_qlen lets wait.
    const most = Number(readFileSync('/proc/sys/net/unix/max_dgram_qlen', 'utf8'))
    const said = most + 5
    for (let index = 0; index < said; index++) part.ready(`${index}`)
    part.reloading()
    part.ready('last')
    const messages: string[] = []
    await waitFor('the last message', () => {
      messages.push(...manager.read())
      return messages.at(-1)?.endsWith('STATUS=last') === true
    })
    part.close()
    // It did not fit: the oldest of what waited was given up.
    expect(messages.length).toBeLessThan(said + 2)
    expect(messages.at(-2)).toMatch(/^RELOADING=1/)
  })

  test.each(['relative/path', 'vsock:2:1234', '@', `/${'x'.repeat(120)}`, '/there/is/no/such/socket'])(
    '%s: the part goes on, and the log says so once',
    (notifySocket) => {
      const log = keptLog()
      const part = connectServiceManager(log, { notifySocket, watchdogMs: undefined })
      part.ready()
      part.reloading()
      part.ready()
      part.stopping()
      part.close()
      expect(log.lines.filter(({ message }) => message.includes('service manager'))).toHaveLength(1)
    },
  )
})

describe('the environment of a service', () => {
  test.each([
    [{}, { notifySocket: undefined, watchdogMs: undefined }],
    [{ NOTIFY_SOCKET: '/run/systemd/notify' }, { notifySocket: '/run/systemd/notify', watchdogMs: undefined }],
    [
      { NOTIFY_SOCKET: '@a', WATCHDOG_USEC: '30000000', WATCHDOG_PID: '42' },
      { notifySocket: '@a', watchdogMs: 30_000 },
    ],
    // Inherited from another process, which is the one that is watched.
    [
      { NOTIFY_SOCKET: '@a', WATCHDOG_USEC: '30000000', WATCHDOG_PID: '43' },
      { notifySocket: '@a', watchdogMs: undefined },
    ],
    [
      { NOTIFY_SOCKET: '', WATCHDOG_USEC: '0' },
      { notifySocket: undefined, watchdogMs: undefined },
    ],
    [{ WATCHDOG_USEC: '-5' }, { notifySocket: undefined, watchdogMs: undefined }],
    [{ WATCHDOG_USEC: '1e9' }, { notifySocket: undefined, watchdogMs: undefined }],
    [{ WATCHDOG_USEC: '99999999999999999999' }, { notifySocket: undefined, watchdogMs: undefined }],
  ])('%j', (environment, settings) => {
    expect(serviceManagerSettings(environment, 42)).toEqual(settings)
  })
})

function monotonicUsec(): number {
  return Number(process.hrtime.bigint() / 1000n)
}
