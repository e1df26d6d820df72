/**
 * Owns the load program as a child process: started when first needed, used for a round of checks, ended with all it started. A
 * load that does not end in time ends the program; the next load gets a fresh one.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import path from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { OperationalError, assert, messageOf } from '../../lib/errors.ts'
import { isSingleFile, programArguments } from '../../lib/single-file.ts'
import { LoadReport, type LoadOrder } from './load.ts'

const PROGRAM = fileURLToPath(new URL(`./load-worker${path.extname(import.meta.url)}`, import.meta.url))
/** Latencies of 100,000 requests and one answer fit. */
const NODE_ARGUMENTS = ['--max-old-space-size=96', '--max-semi-space-size=1', '--disable-warning=ExperimentalWarning']
/** On a machine that is busy. */
const START_MS_MAX = 30_000
/** For a load to be ended in its own time. */
const GRACE_MS = 10_000
const STDERR_MAX = 4_096

interface Running {
  readonly child: ChildProcess & { readonly stdin: NonNullable<ChildProcess['stdin']> }
  readonly lines: Interface
  readonly words: () => string
}

export class LoadGenerator {
  readonly #environment: Readonly<Record<string, string>>
  #running: Running | undefined

  constructor(environment: Readonly<Record<string, string>>) {
    this.#environment = environment
  }

  /** Resolves once the program runs, so that what is timed is the load alone. Throws as `run` does. */
  async ready(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#running !== undefined) return
    this.#running = start(this.#environment)
    await this.#nextLine(START_MS_MAX, signal)
  }

  /** One at a time. Throws OperationalError `load_failed` when the program cannot be run or does not end in time. */
  async run(order: LoadOrder, signal: AbortSignal): Promise<LoadReport> {
    await this.ready(signal)
    this.#running?.child.stdin.write(`${JSON.stringify(order)}\n`)
    return LoadReport.parse(JSON.parse(await this.#nextLine(order.seconds * 1000 + GRACE_MS, signal)))
  }

  /** Ends the program, whatever it does; a later load starts a fresh one. */
  close(): void {
    const running = this.#running
    this.#running = undefined
    if (running === undefined) return
    running.lines.close()
    running.child.kill('SIGKILL')
  }

  async #nextLine(withinMs: number, signal: AbortSignal): Promise<string> {
    assert(this.#running, 'the program was started')
    const { child, lines, words } = this.#running
    const own = AbortSignal.any([signal, AbortSignal.timeout(withinMs)])
    try {
      return await new Promise<string>((resolve, reject) => {
        own.addEventListener('abort', () => reject(new Error(`the load program says nothing for ${withinMs / 1000} s`)), { once: true })
        child.once('error', reject)
        child.once('exit', (code, killedBy) => reject(new Error(`the load program ended (${killedBy ?? code}): ${words()}`)))
        lines.once('line', resolve)
      })
    } catch (error) {
      this.close()
      signal.throwIfAborted()
      throw new OperationalError(messageOf(error), { reason: 'load_failed', cause: error })
    } finally {
      child.removeAllListeners('exit')
      child.removeAllListeners('error')
      child.on('error', () => undefined)
      lines.removeAllListeners('line')
    }
  }
}

function start(environment: Readonly<Record<string, string>>): Running {
  const child = spawn(process.execPath, [...(isSingleFile() ? [] : NODE_ARGUMENTS), ...programArguments('load-worker', PROGRAM)], {
    env: { ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.on('error', () => undefined)
  // Its end is told by `exit`.
  child.stdin.on('error', () => undefined)
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-STDERR_MAX)))
  return { child, lines: createInterface({ input: child.stdout }), words: () => said.trim().split('\n').at(-1) ?? '' }
}
