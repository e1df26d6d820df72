/** scripts/with-setup.sh between npm and a command: order, exit codes and signals. Its set-up is a stand-in that can be told what to do. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { execa } from 'execa'
import { afterEach, beforeEach, expect, test } from 'vitest'

const checkout = path.resolve(import.meta.dirname, '../../..')

let root: string
let script: string
let children: ChildProcess[]

beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'procwarden-with-setup-'))
  script = path.join(root, 'scripts', 'with-setup.sh')
  children = []
  mkdirSync(path.join(root, 'scripts'))
  mkdirSync(path.join(root, 'node_modules', '.bin'), { recursive: true })
  copyFileSync(path.join(checkout, 'scripts', 'with-setup.sh'), script)
  setup('process.stderr.write("setting up\\n")')
})
afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(root, { recursive: true, force: true })
})

function setup(program: string): void {
  writeFileSync(path.join(root, 'scripts', 'setup.mjs'), program)
}

test('runs set-up, then the command with the packages’ programs first on PATH', async () => {
  writeFileSync(path.join(root, 'node_modules', '.bin', 'greet'), '#!/bin/sh\necho "greetings, $1"\n', { mode: 0o755 })
  const result = await execa('sh', [script, 'greet', 'a b'])
  expect(result).toMatchObject({ stdout: 'greetings, a b', stderr: 'setting up' })
})

test('becomes the command, so that signals reach it directly', async () => {
  const subprocess = execa('sh', [script, process.execPath, '-p', 'process.pid'])
  expect(Number((await subprocess).stdout)).toBe(subprocess.pid)
})

test('passes the exit code of the command on', async () => {
  expect(await execa('sh', [script, 'sh', '-c', 'exit 9'], { reject: false })).toMatchObject({ exitCode: 9 })
})

test('does not run the command when set-up failed', async () => {
  setup('process.exitCode = 3')
  expect(await execa('sh', [script, 'echo', 'run'], { reject: false })).toMatchObject({ exitCode: 3, stdout: '' })
})

test('prefers the Node that npm runs on to the one on PATH', async () => {
  writeFileSync(path.join(root, 'node_modules', '.bin', 'node'), '#!/bin/sh\nexit 1\n', { mode: 0o755 })
  const env = { PATH: `${path.join(root, 'node_modules', '.bin')}:${process.env['PATH']}`, npm_node_execpath: process.execPath }
  expect(await execa('sh', [script, 'echo', 'run'], { env })).toMatchObject({ stdout: 'run' })
})

test('says so when there is no Node', async () => {
  const result = await execa('/bin/sh', [script, 'echo', 'run'], { reject: false, extendEnv: false, env: { PATH: '/nowhere' } })
  expect(result).toMatchObject({ exitCode: 1, stdout: '' })
  expect(result.stderr).toContain('install Node 18 or newer')
})

test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('ends set-up on %s and leaves nothing behind', async (signal) => {
  setup(`
    setInterval(() => {}, 60_000)
    process.on('SIGTERM', () => { console.log('set-up stopped'); process.exit(143) })
    console.log('set-up started')
  `)
  const child = spawn('sh', [script, 'echo', 'run'], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  const closed = once(child, 'close')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  expect((await lines.next()).value).toBe('set-up started')
  child.kill(signal)
  expect((await lines.next()).value).toBe('set-up stopped')
  expect((await lines.next()).done).toBe(true)
  expect(await closed).toEqual([143, null])
})
