/** bin/procwarden as a user meets it: as a shell script, through a link, under an old Node, and without any. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { execa } from 'execa'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const checkout = path.resolve(import.meta.dirname, '../../..')
const oldNode = findOldNode()

/** Tells how it was started, or ends as it is told. */
const MAIN = `
const [what, value]: string[] = process.argv.slice(2)
if (what === 'report') console.log(JSON.stringify({ major: Number.parseInt(process.versions.node), script: process.argv[1], args: process.argv.slice(2), execArgv: process.execArgv }))
if (what === 'exit') process.exitCode = Number(value)
if (what === 'die') process.kill(process.pid, value)
if (what === 'wait') {
  setInterval(() => {}, 60_000)
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2']) process.on(signal, () => { console.log(signal); process.exit(42) })
  console.log(process.pid)
}
`

let root: string
let launcher: string
let children: ChildProcess[]

beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'procwarden-launcher-'))
  launcher = path.join(root, 'bin', 'procwarden')
  children = []
  for (const folder of ['bin', 'src/cli', 'node_modules']) mkdirSync(path.join(root, folder), { recursive: true })
  copyFileSync(path.join(checkout, 'bin', 'procwarden'), launcher)
  writeFileSync(path.join(root, 'package.json'), '{"type":"module"}')
  writeFileSync(path.join(root, 'src/cli/main.ts'), MAIN)
  symlinkSync(path.join(checkout, 'node_modules', 'node'), path.join(root, 'node_modules', 'node'))
})
afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(root, { recursive: true, force: true })
})

/** A Node of PATH that is too old for procwarden and new enough to read the launcher. */
function findOldNode(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter)
  return folders
    .map((folder) => path.join(folder, 'node'))
    .find((file) => existsSync(file) && /^v2[0-3]\./.test(execFileSync(file, ['--version'], { encoding: 'utf8' })))
}

const ways: ReadonlyArray<readonly [string, () => readonly [string, ...string[]], boolean]> = [
  ['as a program', () => [launcher], true],
  ['by sh', () => ['sh', launcher], true],
  ['by bash', () => ['bash', launcher], true],
  ['by a Node that is new enough', () => [process.execPath, launcher], true],
  ['by a Node that is too old', () => [oldNode ?? 'node', launcher], oldNode !== undefined],
]

describe.each(ways)('started %s', (_name, way, possible) => {
  test.skipIf(!possible)('runs the sources under Node 24 with the arguments as they are', async () => {
    const [file, ...args] = way()
    const { stdout, stderr } = await execa(file, [...args, 'report', 'a b', '', '--flag=*', "it's"])
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toEqual({
      major: 24,
      script: path.join(root, 'src/cli/main.ts'),
      args: ['report', 'a b', '', '--flag=*', "it's"],
      execArgv: [],
    })
  })

  test.skipIf(!possible)('passes the exit code on', async () => {
    const [file, ...args] = way()
    expect(await execa(file, [...args, 'exit', '7'], { reject: false })).toMatchObject({ exitCode: 7 })
  })

  test.skipIf(!possible)('dies of the signal its program died of', async () => {
    const [file, ...args] = way()
    expect(await execa(file, [...args, 'die', 'SIGTERM'], { reject: false })).toMatchObject({ signal: 'SIGTERM' })
  })

  test.skipIf(!possible).each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'] as const)('passes %s on', async (signal) => {
    const { child, lines } = await startWaiting(way())
    child.kill(signal)
    expect((await lines.next()).value).toBe(signal)
    expect(await once(child, 'exit')).toEqual([42, null])
  })

  test.skipIf(!possible)('leaves nothing behind when it is killed', async () => {
    const { child } = await startWaiting(way())
    child.kill('SIGKILL')
    // Standard output closes only when the last process that holds it has ended: an orphan would let this time out.
    expect(await once(child, 'close')).toEqual([null, 'SIGKILL'])
  })
})

async function startWaiting([file, ...args]: readonly [string, ...string[]]) {
  const child = spawn(file, [...args, 'wait'], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  await lines.next()
  return { child, lines }
}

describe('where it looks', () => {
  test('follows a chain of links, absolute and relative', async () => {
    mkdirSync(path.join(root, 'elsewhere'))
    symlinkSync(launcher, path.join(root, 'elsewhere', 'first'))
    symlinkSync('first', path.join(root, 'elsewhere', 'second'))
    const { stdout } = await execa(path.join(root, 'elsewhere', 'second'), ['report'])
    expect(JSON.parse(stdout)).toMatchObject({ script: path.join(root, 'src/cli/main.ts') })
  })

  test('runs the compiled program where there are no sources, and inside node_modules', async () => {
    const installed = path.join(root, 'node_modules', 'procwarden')
    mkdirSync(path.join(installed, 'bin'), { recursive: true })
    for (const folder of ['src/cli', 'dist/cli']) mkdirSync(path.join(installed, folder), { recursive: true })
    copyFileSync(launcher, path.join(installed, 'bin', 'procwarden'))
    writeFileSync(path.join(installed, 'package.json'), '{"type":"module"}')
    writeFileSync(path.join(installed, 'src/cli/main.ts'), 'console.log("source")')
    writeFileSync(path.join(installed, 'dist/cli/main.js'), 'console.log("compiled")')
    const env = { PATH: `${path.dirname(process.execPath)}:${process.env['PATH']}` }
    expect((await execa(path.join(installed, 'bin', 'procwarden'), { env })).stdout).toBe('compiled')
    expect((await execa(process.execPath, [path.join(installed, 'bin', 'procwarden')])).stdout).toBe('compiled')
  })

  test('takes a new enough Node of PATH when none is bundled', async () => {
    rmSync(path.join(root, 'node_modules'), { recursive: true })
    const { stdout } = await execa(launcher, ['report'], { env: { PATH: `${path.dirname(process.execPath)}:${process.env['PATH']}` } })
    expect(JSON.parse(stdout)).toMatchObject({ major: 24 })
  })
})

describe('what it says', () => {
  test('when there is no Node at all', async () => {
    rmSync(path.join(root, 'node_modules'), { recursive: true })
    const empty = path.join(root, 'empty')
    mkdirSync(empty)
    const result = await execa('/bin/sh', [launcher], { reject: false, extendEnv: false, env: { PATH: empty } })
    expect(result).toMatchObject({ exitCode: 1, stdout: '' })
    expect(result.stderr).toMatch(/^procwarden: needs Node 24 or newer, and found none; run 'npm ci' .*$/)
  })

  test.skipIf(oldNode === undefined)('when the only Node is too old', async () => {
    rmSync(path.join(root, 'node_modules'), { recursive: true })
    const env = { PATH: `${path.dirname(oldNode ?? '')}:/usr/bin:/bin` }
    for (const result of [
      await execa(launcher, { reject: false, extendEnv: false, env }),
      await execa(oldNode ?? '', [launcher], { reject: false }),
    ]) {
      expect(result).toMatchObject({ exitCode: 1, stdout: '' })
      expect(result.stderr).toMatch(/^procwarden: needs Node 24 or newer, and (found|this is) 2\d\.[\d.]+; run 'npm ci' .*$/)
    }
  })

  test('when it is not complete', async () => {
    rmSync(path.join(root, 'src'), { recursive: true })
    for (const result of [await execa(launcher, { reject: false }), await execa(process.execPath, [launcher], { reject: false })]) {
      expect(result).toMatchObject({ exitCode: 1, stdout: '' })
      expect(result.stderr).toMatch(/^procwarden: .*dist\/cli\/main\.js is missing; .*$/)
    }
  })
})
