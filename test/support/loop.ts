/** Owns running the whole loop as a user does, with `procwarden up`, and reading what it reports. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { LoopReport } from '../../src/stack/up.ts'
import type { IncidentView } from '../../src/remediator/incident-view.ts'
import { withoutCapabilities } from './capabilities.ts'
import { exitOf } from './temporary.ts'
import { waitFor } from './wait-for.ts'

export const PROCWARDEN = path.resolve(import.meta.dirname, '../../bin/procwarden')

export interface TestLoop {
  readonly report: LoopReport
  readonly child: ChildProcess & { readonly pid: number }
  /** A folder it watches. */
  readonly watched: string
  readonly log: () => string
  incidents(): IncidentView[]
  /** TERM; resolves with how it ended and removes everything it wrote. */
  stop(): Promise<NodeJS.Signals | number>
}

export interface LoopOptions {
  readonly mode?: string
  readonly environment?: Readonly<Record<string, string>>
  readonly args?: readonly string[]
  /** As an ordinary user would run it: what root can do beyond that is dropped. */
  readonly withoutCapabilities?: boolean
}

/** What tests start to misbehave. A loop in mode auto sees every program of the machine that the tests run on. */
const OWN_PROGRAMS = ['runaway-writer.cjs', 'file-storm.ts']

/** A remediator's configuration that lets it touch the tests' own programs and nothing else; returns the flags for it. */
export function ownProgramsOnly(folder: string): string[] {
  const file = path.join(folder, 'remediator.yml')
  writeFileSync(file, JSON.stringify({ allow: { groups: OWN_PROGRAMS } }))
  return ['--config.remediator', file]
}

const FREE_PORTS = ['exporter', 'remediator', 'prometheus', 'alertmanager'].flatMap((part) => [`--port.${part}`, '0'])

export async function startLoop(options: LoopOptions = {}): Promise<TestLoop> {
  const root = mkdtempSync(path.join(os.tmpdir(), 'procwarden-e2e-'))
  const watched = mkdtempSync(path.join(os.tmpdir(), 'procwarden-watched-'))
  const stateDir = path.join(root, 'state')
  const args = [
    'up',
    '--json',
    '--state.dir',
    stateDir,
    '--mode',
    options.mode ?? 'auto',
    '--watch',
    watched,
    ...ownProgramsOnly(root),
    ...FREE_PORTS,
    // Where there is one, it would take seconds that no test has a use for.
    '--no-grafana',
    ...(options.args ?? []),
  ]
  const [command, commandArgs] = options.withoutCapabilities === true ? withoutCapabilities(PROCWARDEN, args) : [PROCWARDEN, args]
  const spawned = spawn(command, commandArgs, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...options.environment } })
  let output = ''
  let log = ''
  spawned.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  spawned.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()))
  const { pid } = spawned
  if (pid === undefined) throw new Error('procwarden up has no pid')
  const child = Object.assign(spawned, { pid })
  const line = await waitFor(
    'the loop to be ready',
    () => {
      if (child.exitCode !== null) throw new Error(`procwarden up ended: ${log}`)
      return output.includes('\n') && output
    },
    180_000,
  )
  return {
    report: JSON.parse(line) as LoopReport,
    child,
    watched,
    log: () => log,
    incidents: () => JSON.parse(procwarden(['incidents', '--json', '--state.dir', stateDir]).stdout) as IncidentView[],
    stop: async () => {
      child.kill('SIGTERM')
      const ending = await exitOf(child)
      rmSync(root, { recursive: true, force: true, maxRetries: 5 })
      rmSync(watched, { recursive: true, force: true, maxRetries: 5 })
      return ending
    },
  }
}

export function procwarden(args: readonly string[]) {
  const run = spawnSync(PROCWARDEN, args, { encoding: 'utf8' })
  return { code: run.status, stdout: run.stdout, stderr: run.stderr }
}

/** Pids of processes whose command line holds the text: to see that nothing is left behind. */
export function processesWith(text: string): string[] {
  return spawnSync('pgrep', ['-f', text], { encoding: 'utf8' })
    .stdout.split('\n')
    .filter((line) => line !== '')
}
