/** Owns one part as a child process: starting it, keeping its last words, restarting it when it dies, and stopping it for good. */
import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync, renameSync, statSync, writeSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '../lib/log.ts'
import { makeDirectory } from '../lib/make-directory.ts'

export interface PartCommand {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly readyUrl: string
  readonly logFile: string
  /** Whether its log lines are also shown to the person who runs the loop. */
  readonly isShown: boolean
}

const LOG_BYTES_MAX = 10 * 1024 * 1024
const LAST_LINES_MAX = 20
const RESTART_MS_MIN = 200
const RESTART_MS_MAX = 30_000
/** A part that ran this long was well: the next failure starts at the shortest pause again. */
const WELL_AFTER_MS = 60_000

export class Child {
  readonly part: PartCommand
  readonly #log: Logger
  readonly #setpriv: string | undefined
  readonly #logDescriptor: number
  #process: ChildProcess | undefined
  #exited: Promise<void> = Promise.resolve()
  #isStopping = false
  /** Until it has been ready once, a death is final: a wrong configuration does not get better by repetition. */
  #mayRestart = false
  #restartMs = RESTART_MS_MIN
  #lastLines: string[] = []
  readonly #end = new AbortController()

  /** `setpriv` is the path of util-linux's program, by which the kernel ends the part when we die, however we die. */
  constructor(part: PartCommand, log: Logger, setpriv: string | undefined) {
    this.part = part
    this.#log = log
    this.#setpriv = setpriv
    this.#logDescriptor = openLog(part.logFile)
  }

  get pid(): number | undefined {
    return this.#process?.pid
  }

  get hasExited(): boolean {
    return this.#process === undefined || this.#process.exitCode !== null || this.#process.signalCode !== null
  }

  /** The last sentence of its log, for an error message. */
  get lastLine(): string {
    return this.#lastLines.findLast((line) => line.trim() !== '') ?? 'it said nothing'
  }

  start(): void {
    const { command, args, name } = this.part
    const [program, programArgs] =
      this.#setpriv === undefined ? [command, args] : [this.#setpriv, ['--pdeathsig', 'TERM', '--', command, ...args]]
    // A process group of its own: Ctrl-C in the terminal reaches us alone, and we stop the parts in order.
    const child = spawn(program, programArgs, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    const startedAt = performance.now()
    this.#process = child
    child.stdout.on('data', (chunk: Buffer) => this.#keep(chunk))
    child.stderr.on('data', (chunk: Buffer) => this.#keep(chunk))
    this.#exited = new Promise((resolve) => {
      child.once('error', (error) => {
        this.#lastLines.push(error.message)
        resolve()
      })
      child.once('close', (code, signal) => {
        resolve()
        if (this.#isStopping || !this.#mayRestart) return
        if (performance.now() - startedAt > WELL_AFTER_MS) this.#restartMs = RESTART_MS_MIN
        this.#log.warn(`The ${name} ended (${signal ?? `exit code ${code}`}); it is started again in ${this.#restartMs} ms`)
        this.#restartLater()
      })
    })
  }

  /** From now on a death is followed by a restart. */
  keepAlive(): void {
    this.#mayRestart = true
  }

  /** TERM, and KILL after `graceMs`. Resolves when the process is gone. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true
    this.#end.abort()
    if (!this.hasExited) {
      this.#process?.kill('SIGTERM')
      const force = setTimeout(() => this.#process?.kill('SIGKILL'), graceMs)
      await this.#exited
      clearTimeout(force)
    }
    closeSync(this.#logDescriptor)
  }

  #restartLater(): void {
    const waitMs = this.#restartMs
    this.#restartMs = Math.min(this.#restartMs * 2, RESTART_MS_MAX)
    delay(waitMs, undefined, { signal: this.#end.signal }).then(
      () => this.start(),
      () => undefined,
    )
  }

  #keep(chunk: Buffer): void {
    try {
      writeSync(this.#logDescriptor, chunk)
    } catch {
      // A full disk loses log lines, never the loop.
    }
    if (this.part.isShown) process.stderr.write(chunk)
    this.#lastLines = [...this.#lastLines, ...chunk.toString('utf8').split('\n')].slice(-LAST_LINES_MAX)
  }
}

function openLog(file: string): number {
  makeDirectory(path.dirname(file))
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  if (size > LOG_BYTES_MAX) renameSync(file, `${file}.1`)
  return openSync(file, 'a', 0o600)
}
