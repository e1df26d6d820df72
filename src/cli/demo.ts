/** Owns `procwarden demo`: starts a misbehaving program as a process of its own, and tells what became of it. */
import { fork } from 'node:child_process'
import { accessSync, constants, existsSync, mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command, Option } from 'commander'
import { UsageError, messageOf } from '../lib/errors.ts'
import { makeDirectory } from '../lib/make-directory.ts'
import { findRunningLoop } from '../stack/state-dir.ts'
import { parsePositiveInteger, stateDirOption } from './options.ts'

interface Flags {
  readonly dir?: string
  readonly rate: number
  readonly max: number
  readonly 'state.dir': string
  readonly keep?: boolean
}

export function demoCommand(): Command {
  const storm = new Command('file-storm')
    .description('write identical documents until stopped')
    .addOption(new Option('--dir <dir>', 'where to write (default: a new folder below the first watched one)'))
    .addOption(new Option('--rate <n>', 'files per second').argParser(parsePositiveInteger).default(50))
    .addOption(new Option('--max <n>', 'give up after this many files').argParser(parsePositiveInteger).default(100_000))
    .addOption(new Option('--keep', 'keep the folder that was made for it'))
    .addOption(stateDirOption())
    .exitOverride()
    .action((flags: Flags) => runStorm(flags))
  return new Command('demo').description('start a program that misbehaves, to see it noticed').addCommand(storm)
}

async function runStorm(flags: Flags): Promise<void> {
  const directory = flags.dir === undefined ? newDirectory(flags['state.dir']) : givenDirectory(flags.dir)
  if (!findRunningLoop(path.resolve(flags['state.dir'])))
    process.stderr.write(`No loop runs on ${flags['state.dir']}: nobody will stop this program but you. Start one with procwarden up.\n`)
  const program = fileURLToPath(new URL(`../demo/file-storm${path.extname(import.meta.url)}`, import.meta.url))
  const child = fork(program, ['--dir', directory, '--rate', String(flags.rate), '--max', String(flags.max)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  process.stdout.write(
    `A program writes ${flags.rate} identical documents a second into ${directory} (pid ${child.pid ?? 0}). Ctrl-C stops it.\n`,
  )
  const startedAt = performance.now()
  let written = 0
  child.on('message', (message: unknown) => {
    if (typeof message === 'object' && message !== null && 'written' in message) written = Number(message.written)
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  const ending = await new Promise<string>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      if (code !== null && code !== 0) process.exitCode = 1
      resolve(signal === null ? `ended with exit code ${code ?? 0}` : `was stopped by ${signal}`)
    })
  })
  const seconds = (performance.now() - startedAt) / 1000
  process.stdout.write(`The program (pid ${child.pid ?? 0}) ${ending} after ${written} files in ${seconds.toFixed(1)} s.\n`)
  if (flags.dir === undefined && flags.keep !== true) rmSync(directory, { recursive: true, force: true })
}

function givenDirectory(directory: string): string {
  const resolved = path.resolve(directory)
  try {
    makeDirectory(resolved, 0o755)
    accessSync(path.join(resolved, '.'), constants.W_OK)
  } catch (error) {
    throw new UsageError(`--dir ${directory} cannot be used: ${messageOf(error)}`, error)
  }
  return resolved
}

/** Below a folder that the running loop watches, else below the system's folder for temporary files, which is watched by default. */
function newDirectory(stateDir: string): string {
  const watched = findRunningLoop(path.resolve(stateDir))?.watch[0]
  const parent = watched !== undefined && existsSync(watched) ? watched : os.tmpdir()
  return mkdtempSync(path.join(parent, 'procwarden-demo-'))
}
