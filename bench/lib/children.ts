/** Owns the programs a measurement starts: their output line by line, and that none of them outlives the measurement. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

export interface StartedProgram {
  readonly pid: number
  /** Resolves with the next line, on either stream, that `wanted` accepts; rejects when the program ends or takes too long. */
  line(wanted: RegExp, timeoutMs?: number): Promise<string>
  write(text: string): void
  signal(name: NodeJS.Signals): void
  /** Resolves when it has ended. */
  readonly ended: Promise<void>
}

export interface Children {
  start(file: string, args: readonly string[], env?: NodeJS.ProcessEnv): StartedProgram
  /** Ends everything that was started, by the pid it was started with. */
  close(): Promise<void>
}

const LINE_TIMEOUT_MS = 60_000
const OUTPUT_LINES_KEPT = 20

export function createChildren(): Children {
  const started = new Set<ChildProcess>()
  return {
    start: (file, args, env) => {
      const child = spawn(file, args, { env, stdio: ['pipe', 'pipe', 'pipe'] })
      started.add(child)
      child.once('exit', () => started.delete(child))
      return wrap(child, file)
    },
    close: async () => {
      await Promise.all(
        [...started].map(async (child) => {
          const exit = once(child, 'exit')
          child.kill('SIGKILL')
          await exit
        }),
      )
    },
  }
}

function wrap(child: ChildProcess, file: string): StartedProgram {
  const { stdin, stdout, stderr } = child
  if (stdin === null || stdout === null || stderr === null) throw new Error(`${file} has no pipes`)
  const listeners = new Set<(line: string) => void>()
  const last: string[] = []
  const take = (line: string): void => {
    last.push(line)
    if (last.length > OUTPUT_LINES_KEPT) last.shift()
    for (const listener of listeners) listener(line)
  }
  createInterface({ input: stdout }).on('line', take)
  createInterface({ input: stderr }).on('line', take)
  stdin.on('error', () => undefined) // the program ended; whoever waits for its next line is told so
  let ended: Error | undefined
  child.once('error', (error) => (ended = error))
  child.once('exit', (code, signal) => (ended = new Error(`${file} ended (${signal ?? code}): ${last.join(' | ')}`)))
  return {
    pid: child.pid ?? -1,
    write: (text) => void stdin.write(text),
    signal: (name) => void child.kill(name),
    ended: new Promise((resolve) => child.once('exit', () => resolve())),
    line: (wanted, timeoutMs = LINE_TIMEOUT_MS) =>
      new Promise((resolve, reject) => {
        if (ended !== undefined) return reject(ended)
        const done = (settle: () => void): void => {
          clearTimeout(timer)
          listeners.delete(onLine)
          child.off('exit', onEnd)
          child.off('error', onEnd)
          settle()
        }
        const onLine = (line: string): void => {
          if (wanted.test(line)) done(() => resolve(line))
        }
        const onEnd = (): void => done(() => reject(ended ?? new Error(`${file} ended`)))
        const timer = setTimeout(() => done(() => reject(new Error(`${file} did not say ${wanted} in ${timeoutMs} ms`))), timeoutMs)
        listeners.add(onLine)
        child.on('exit', onEnd)
        child.on('error', onEnd)
      }),
  }
}
