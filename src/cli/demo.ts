/** Owns `procwarden demo`: starts a misbehaving program as a process of its own, and tells what became of it. */
import { fork, type ChildProcess } from 'node:child_process'
import { accessSync, constants, existsSync, mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command, InvalidArgumentError, Option } from 'commander'
import { UsageError, messageOf } from '../lib/errors.ts'
import { makeDirectory } from '../lib/make-directory.ts'
import { findRunningLoop } from '../stack/state-dir.ts'
import { SCENARIOS, type Scenario } from './demo-scenarios.ts'
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
  const demo = new Command('demo').description('start a program that misbehaves, to see it noticed').addCommand(storm)
  for (const scenario of SCENARIOS) demo.addCommand(scenarioCommand(scenario))
  return demo
}

function scenarioCommand(scenario: Scenario): Command {
  const command = new Command(scenario.name)
    .aliases([...(scenario.aliases ?? [])])
    .description(scenario.description)
    .addOption(stateDirOption())
    .exitOverride()
  for (const flag of scenario.flags)
    command.addOption(
      new Option(`--${flag.name} <n>`, flag.description).argParser((text) => parseAtMost(text, flag.max)).default(flag.default),
    )
  return command.action((flags: ScenarioFlags) => runScenario(scenario, flags))
}

function parseAtMost(text: string, max: number): number {
  const number = parsePositiveInteger(text)
  if (number > max) throw new InvalidArgumentError(`at most ${max}.`)
  return number
}

type ScenarioFlags = Readonly<Record<string, number | string>>

async function runScenario({ name, does, seen, needs, flags: known }: Scenario, flags: ScenarioFlags): Promise<void> {
  warnWithoutLoop(String(flags['state.dir']))
  const args = known.flatMap((flag) => [`--${flag.name}`, String(flags[flag.name])])
  const child = fork(demoProgram(name), args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const filled = (text: string): string => text.replaceAll(/\{([a-z]+)\}/g, (_all, flag: string) => String(flags[flag]))
  process.stdout.write(`A program ${filled(does)} (pid ${child.pid ?? 0}). Ctrl-C stops it.\nWhat should be seen: ${seen}\n`)
  if (needs !== undefined) process.stdout.write(`For that, ${filled(needs)}\n`)
  const { text, seconds } = await endingOf(child)
  process.stdout.write(`The program (pid ${child.pid ?? 0}) ${text} after ${seconds.toFixed(1)} s.\n`)
}

async function runStorm(flags: Flags): Promise<void> {
  const directory = flags.dir === undefined ? newDirectory(flags['state.dir']) : givenDirectory(flags.dir)
  warnWithoutLoop(flags['state.dir'])
  const child = fork(demoProgram('file-storm'), ['--dir', directory, '--rate', String(flags.rate), '--max', String(flags.max)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  process.stdout.write(
    `A program writes ${flags.rate} identical documents a second into ${directory} (pid ${child.pid ?? 0}). Ctrl-C stops it.\n`,
  )
  let written = 0
  child.on('message', (message: unknown) => {
    if (typeof message === 'object' && message !== null && 'written' in message) written = Number(message.written)
  })
  const { text, seconds } = await endingOf(child)
  process.stdout.write(`The program (pid ${child.pid ?? 0}) ${text} after ${written} files in ${seconds.toFixed(1)} s.\n`)
  if (flags.dir === undefined && flags.keep !== true) rmSync(directory, { recursive: true, force: true })
}

function demoProgram(name: string): string {
  return fileURLToPath(new URL(`../demo/${name}${path.extname(import.meta.url)}`, import.meta.url))
}

function warnWithoutLoop(stateDir: string): void {
  if (!findRunningLoop(path.resolve(stateDir)))
    process.stderr.write(`No loop runs on ${stateDir}: nobody will stop this program but you. Start one with procwarden up.\n`)
}

/** Hands on what the terminal says, and waits. The exit code is the program's. */
async function endingOf(child: ChildProcess): Promise<{ readonly text: string; readonly seconds: number }> {
  const startedAt = performance.now()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  const text = await new Promise<string>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      if (code !== null && code !== 0) process.exitCode = 1
      resolve(signal === null ? `ended with exit code ${code ?? 0}` : `was stopped by ${signal}`)
    })
  })
  return { text, seconds: (performance.now() - startedAt) / 1000 }
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
