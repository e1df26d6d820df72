/** Owns the state folder: where it is by default, what lies where in it, and the file by which a running loop is found. */
import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { UsageError, errnoOf, messageOf } from '../lib/errors.ts'
import { createProcfs, readStat } from '../lib/linux/proc-process.ts'
import { makeDirectory } from '../lib/make-directory.ts'

/** What a running loop tells about itself in `up.json`. */
export const RunningLoop = z.object({
  pid: z.number().int(),
  /** Kernel start time of `pid`, so that a leftover file is not taken for a running loop. 0 where there is none. */
  startTicks: z.number().int(),
  exporter: z.string(),
  remediator: z.string(),
  prometheus: z.string(),
  alertmanager: z.string(),
  watch: z.array(z.string()),
})
export type RunningLoop = z.infer<typeof RunningLoop>

/** Makes the folder, private to its owner, and makes sure that it can be written to. Throws UsageError. */
export function prepareStateDir(stateDir: string): void {
  try {
    makeDirectory(stateDir)
    const probe = path.join(stateDir, `.probe-${process.pid}`)
    writeFileSync(probe, 'procwarden')
    rmSync(probe)
  } catch (error) {
    throw new UsageError(`the state folder ${stateDir} cannot be used: ${messageOf(error)}; choose another with --state.dir`, error)
  }
}

export function tokenFile(stateDir: string): string {
  return path.join(stateDir, 'webhook-token')
}

/** The loop that runs on this state folder, or undefined when none does. */
export function findRunningLoop(stateDir: string): RunningLoop | undefined {
  let text: string
  try {
    text = readFileSync(loopFile(stateDir), 'utf8')
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined
    throw new UsageError(`cannot read ${loopFile(stateDir)}: ${messageOf(error)}`, error)
  }
  const loop = parseLoop(text)
  return loop && isAlive(loop) ? loop : undefined
}

/** Announces the loop of this process. */
export function announceLoop(stateDir: string, loop: Omit<RunningLoop, 'pid' | 'startTicks'>): void {
  const temporary = `${loopFile(stateDir)}.${process.pid}`
  writeFileSync(
    temporary,
    `${JSON.stringify({ pid: process.pid, startTicks: startTicksOf(process.pid), ...loop } satisfies RunningLoop)}\n`,
  )
  chmodSync(temporary, 0o600)
  renameSync(temporary, loopFile(stateDir))
}

export function withdrawLoop(stateDir: string): void {
  rmSync(loopFile(stateDir), { force: true })
}

function loopFile(stateDir: string): string {
  return path.join(stateDir, 'up.json')
}

function parseLoop(text: string): RunningLoop | undefined {
  try {
    return RunningLoop.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

function isAlive(loop: RunningLoop): boolean {
  try {
    process.kill(loop.pid, 0)
  } catch (error) {
    if (errnoOf(error) !== 'EPERM') return false
  }
  return startTicksOf(loop.pid) === loop.startTicks
}

function startTicksOf(pid: number): number {
  return readStat(pid, createProcfs({ nowMs: () => Date.now() }))?.startTicks ?? 0
}
