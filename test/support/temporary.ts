/** Owns things that a test makes and that must be gone after it: folders and processes. */
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach } from 'vitest'

const leftovers: Array<() => void | Promise<void>> = []

afterEach(async () => {
  for (const remove of leftovers.splice(0).toReversed()) await remove()
})

/** Runs after the test, last registered first. */
export function afterTest(remove: () => void | Promise<void>): void {
  leftovers.push(remove)
}

export function temporaryDirectory(): string {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'procwarden-test-'))
  afterTest(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** A child process that is killed after the test if it still runs. Resolves once it has been spawned. */
export async function temporaryProcess(
  command: string,
  args: readonly string[],
  options: SpawnOptions = {},
): Promise<ChildProcess & { readonly pid: number }> {
  const child = spawn(command, args, { stdio: 'ignore', ...options })
  afterTest(() => endProcess(child))
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', reject)
  })
  const { pid } = child
  if (pid === undefined) throw new Error(`${command} has no pid`)
  return Object.assign(child, { pid })
}

export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = exitOf(child)
  child.kill('SIGKILL')
  await exited
}

/** How a process ended: its signal, or its exit code. */
export function exitOf(child: ChildProcess): Promise<NodeJS.Signals | number> {
  if (child.signalCode !== null) return Promise.resolve(child.signalCode)
  if (child.exitCode !== null) return Promise.resolve(child.exitCode)
  return new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code ?? 0)))
}
