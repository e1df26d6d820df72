/**
 * Owns running another program for an answer: argv and never a shell, its standard input given, its time and what is kept of its
 * output bounded, and nothing of it left when its time is over. Reads no environment: it is given.
 */
import { execa } from 'execa'
import { messageOf } from './errors.ts'
import { findDescendants, isStill, type FoundProcess } from './linux/process-descendants.ts'

export interface CommandRequest {
  /** The program, looked for on the given PATH, and its arguments. */
  readonly argv: readonly string[]
  readonly stdin?: string
  /** The whole environment of the program. */
  readonly environment: Readonly<Record<string, string>>
  readonly timeoutMs: number
  /** Of standard output and standard error together; what comes after is read and dropped. */
  readonly outputBytesMax: number
  /** As whom it runs; only root can choose. Left out, as whoever we are. */
  readonly user?: { readonly uid: number; readonly gid: number }
}

export type CommandEnding =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signalled'; readonly signal: string }
  | { readonly kind: 'timed_out' }
  | { readonly kind: 'not_started'; readonly why: string }

export interface CommandResult {
  readonly ending: CommandEnding
  readonly stdout: string
  readonly stderr: string
  readonly isCut: boolean
}

/** Between TERM and KILL of a program whose time is over. */
const TERM_GRACE_MS = 2_000
/** After its end: for what is still in the pipes. */
const DRAIN_MS = 200

/** Never rejects, except with the signal's reason; then the program has been ended. */
export async function runCommand(request: CommandRequest, signal?: AbortSignal): Promise<CommandResult> {
  signal?.throwIfAborted()
  const [program = '', ...args] = request.argv
  // A group of its own, so that what it started in turn can be ended with it.
  const child = execa(program, args, {
    shell: false,
    detached: true,
    cleanup: false,
    buffer: false,
    reject: false,
    extendEnv: false,
    env: { ...request.environment },
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
    preferLocal: false,
    ...request.user,
  })
  child.catch(() => undefined)
  const output = collectOutput(request.outputBytesMax)
  child.stdout.on('data', output.stdout)
  child.stderr.on('data', output.stderr)
  // A program that does not read its input closes it: that is its choice.
  child.stdin.on('error', () => undefined)
  child.stdin.end(request.stdin ?? '')
  const exit = new Promise<CommandEnding>((resolve) => {
    child.nodeChildProcess.once('error', (error: unknown) => resolve({ kind: 'not_started', why: messageOf(error) }))
    child.nodeChildProcess.once('exit', (code, killedBy) =>
      resolve(code === null ? { kind: 'signalled', signal: killedBy ?? 'unknown' } : { kind: 'exited', code }),
    )
  })
  const ending = await endInTime(exit, child.pid, request.timeoutMs, signal)
  await drained([child.stdout, child.stderr])
  child.stdout.destroy()
  child.stderr.destroy()
  signal?.throwIfAborted()
  return { ending, ...output.texts() }
}

async function endInTime(
  exit: Promise<CommandEnding>,
  pid: number | undefined,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<CommandEnding> {
  const first = await Promise.race([exit, expiry(timeoutMs, exit, signal)])
  if (first !== undefined) return first
  if (pid !== undefined) {
    // What left the group (setsid(2)) is known by its parents, as long as these live.
    const below = findDescendants(pid)
    signalGroup(pid, 'SIGTERM')
    if ((await Promise.race([exit, expiry(TERM_GRACE_MS, exit, undefined)])) === undefined) signalGroup(pid, 'SIGKILL')
    await exit
    signalGroup(pid, 'SIGKILL')
    for (const each of below) endStill(each)
  }
  return { kind: 'timed_out' }
}

/** Undefined once the time is over or the signal aborts; its timer does not outlive the program. */
function expiry(ms: number, exit: Promise<unknown>, signal: AbortSignal | undefined): Promise<undefined> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve(undefined)
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done)
    void exit.finally(done)
  })
}

function endStill(found: FoundProcess): void {
  try {
    if (isStill(found)) process.kill(found.pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}

/** The group's number is the program's pid, which no other process can have while a member of the group lives (setpgid(2)). */
function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch {
    // All of it has ended.
  }
}

/** A program in the background may hold the pipes open for ever. */
function drained(
  streams: ReadonlyArray<{ readonly readableEnded: boolean; once(event: 'end' | 'close', listener: () => void): unknown }>,
): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, DRAIN_MS)
    let open = streams.filter((stream) => !stream.readableEnded).length
    const ended = (): void => {
      open -= 1
      if (open > 0) return
      clearTimeout(timer)
      resolve()
    }
    if (open === 0) {
      clearTimeout(timer)
      resolve()
    }
    for (const stream of streams) if (!stream.readableEnded) stream.once('end', ended)
  })
}

function collectOutput(bytesMax: number) {
  const chunks: { stdout: Buffer[]; stderr: Buffer[] } = { stdout: [], stderr: [] }
  let left = bytesMax
  let isCut = false
  const into = (name: 'stdout' | 'stderr') => (chunk: Buffer) => {
    if (chunk.length > left) isCut = true
    if (left > 0) chunks[name].push(chunk.subarray(0, left))
    left = Math.max(0, left - chunk.length)
  }
  return {
    stdout: into('stdout'),
    stderr: into('stderr'),
    texts: () => ({ stdout: Buffer.concat(chunks.stdout).toString('utf8'), stderr: Buffer.concat(chunks.stderr).toString('utf8'), isCut }),
  }
}
