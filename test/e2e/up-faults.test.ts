import { writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { procwarden, processesWith, startLoop } from '../support/loop.ts'
import { afterTest, temporaryDirectory } from '../support/temporary.ts'

const FREE = ['exporter', 'remediator', 'prometheus', 'alertmanager'].flatMap((part) => [`--port.${part}`, '0'])

/** Runs `up` expecting it to refuse; gives its exit code and what it said, which must be about procwarden in one line. */
function refusedUp(args: readonly string[]) {
  const stateDir = path.join(temporaryDirectory(), 'state')
  const run = procwarden(['up', '--json', '--log.level', 'error', '--state.dir', stateDir, ...FREE, ...args])
  expect(processesWith(stateDir)).toEqual([])
  return { ...run, said: run.stderr.split('\n').filter((line) => line.startsWith('procwarden: ')) }
}

describe('procwarden up that cannot start: one clear sentence, exit code 1, nothing left running', () => {
  test('a taken port', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    afterTest(() => new Promise<void>((resolve) => server.close(() => resolve())))
    const { port } = server.address() as AddressInfo
    for (const part of ['exporter', 'prometheus']) {
      const { code, stdout, said } = refusedUp([`--port.${part}`, String(port)])
      expect([code, stdout]).toEqual([1, ''])
      expect(said).toEqual([expect.stringContaining(`port ${port} for ${part} cannot be used: it is taken`)])
    }
  }, 60_000)

  test('a bad configuration of either part', () => {
    const file = path.join(temporaryDirectory(), 'bad.yml')
    writeFileSync(file, 'mode: bold\nnonsense: 1\n')
    for (const part of ['remediator', 'exporter']) {
      const { code, stdout, stderr } = refusedUp([`--config.${part}`, file])
      expect([code, stdout]).toEqual([1, ''])
      expect(stderr).toContain('nonsense')
      expect(stderr).toContain(`${file}:`)
    }
  }, 60_000)

  test.each([
    [['--mode', 'brave'], 'mode'],
    [['--watch', '/does/not/exist'], '/does/not/exist'],
    [['--port.exporter', 'http'], 'port'],
    [['--scrape.interval', 'often'], 'duration'],
    [['--state.dir', '/proc/no'], '/proc/no'],
    [['--no-such-flag'], 'no-such-flag'],
  ])('%j', (args, expected) => {
    const { code, stdout, stderr } = refusedUp(args)
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain(expected)
  })

  test('a second loop on the same state folder', async () => {
    const loop = await startLoop({ mode: 'observe' })
    const { code, stderr } = refusedUp(['--state.dir', loop.report.stateDir])
    expect(code).toBe(1)
    expect(stderr).toContain(`a loop already runs on ${loop.report.stateDir} (pid ${loop.child.pid})`)
    await loop.stop()
  }, 90_000)

  test('a loop whose supervisor is killed with SIGKILL leaves nothing behind', async () => {
    const loop = await startLoop({ mode: 'observe' })
    loop.child.kill('SIGKILL')
    await expect.poll(() => processesWith(loop.report.stateDir), { timeout: 10_000 }).toEqual([])
    await loop.stop()
  }, 90_000)
})
