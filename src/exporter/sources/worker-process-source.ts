/** Owns the worker that reads /proc: asking it for one scan at a time, and replacing it when it dies or hangs in the kernel. */
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { OperationalError, messageOf } from '../../lib/errors.ts'
import { embeddedThread, isSingleFile } from '../../lib/single-file.ts'
import type { ProcessScan, ProcessSource } from './process-source.ts'
import type { Skips } from './proc-scan.ts'
import { ScanDeltaReader, type ScanDelta } from './scan-delta.ts'
import { ScanProgress, type ScanPosition } from './scan-progress.ts'
import { StuckThreads } from './stuck-threads.ts'

/** What the worker answers to every message, which is what to skip. */
export type ScanReply = { readonly delta: ScanDelta; readonly passedOver: readonly number[] } | { readonly fault: string }

export interface WorkerProcessSourceOptions {
  readonly procfsRoot: string
  readonly descriptorsMax: number
}

export interface ScanWorkerData extends WorkerProcessSourceOptions {
  readonly progressMemory: SharedArrayBuffer
}

/**
 * A scan that has made no step in so many looks hangs. Looks are counted and not time: a machine or process that was halted
 * itself is none.
 */
const LOOK_INTERVAL_MS = 200
const LOOKS_MAX = 10

interface Reader {
  readonly worker: Worker
  readonly progress: ScanProgress
  readonly deltas: ScanDeltaReader
}

/**
 * Scans asked for while one is under way share it. A scan has no deadline of its own (a late one is still a true one) as long as
 * it goes on. One that hangs is rejected; from then on the process that it hangs at is left out, or its details alone where they
 * are what blocks, until the read that hangs comes back.
 */
export function createWorkerProcessSource(options: WorkerProcessSourceOptions): ProcessSource {
  const stuck = new StuckThreads()
  let reader: Reader | undefined
  let last: ProcessScan | undefined
  let underWay: Promise<ProcessScan> | undefined

  const scan = async (): Promise<ProcessScan> => {
    const { refusal, skips } = stuck
    if (reader === undefined && refusal !== undefined) throw scanError(refusal)
    reader ??= startReader(options)
    const { worker, deltas } = reader
    try {
      const { delta, passedOver } = await ask(reader, skips)
      last = withUnread(deltas.read(delta), passedOver, last)
      return last
    } catch (error) {
      // A fresh worker tells every process' details again, so nothing is lost with the old one.
      reader = undefined
      const ended = worker.terminate()
      if (error instanceof BlockedRead) stuck.add(error.position, ended)
      else await ended
      throw error
    }
  }
  return {
    scan: () => {
      underWay ??= scan().finally(() => {
        underWay = undefined
      })
      return underWay
    },
    close: async () => {
      const closed = reader
      reader = undefined
      await closed?.worker.terminate()
    },
  }
}

/** The processes that nothing may be read of stay as they were last read. */
function withUnread(scan: ProcessScan, passedOver: readonly number[], before: ProcessScan | undefined): ProcessScan {
  if (passedOver.length === 0 || before === undefined) return scan
  const pids = new Set(passedOver)
  return { ...scan, samples: [...scan.samples, ...before.samples.filter(({ pid }) => pids.has(pid))] }
}

function startReader(options: WorkerProcessSourceOptions): Reader {
  const progress = new ScanProgress()
  return { worker: startWorker({ ...options, progressMemory: progress.memory }), progress, deltas: new ScanDeltaReader() }
}

function startWorker(options: ScanWorkerData): Worker {
  const isEmbedded = isSingleFile()
  const program = isEmbedded
    ? embeddedThread('proc-scan-worker')
    : // The same extension as this file: .ts when run from source, .js when compiled.
      new URL(`./proc-scan-worker${extname(import.meta.filename)}`, import.meta.url)
  const worker = new Worker(program, {
    eval: isEmbedded,
    workerData: options,
    // Flags of the main thread (loaders, inspectors, memory sizes) are not this thread's.
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 128 },
  })
  worker.unref()
  return worker
}

function ask({ worker, progress }: Reader, skips: Skips): Promise<Exclude<ScanReply, { readonly fault: string }>> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      stopWatching()
      worker.off('message', onMessage)
      worker.off('error', onError)
      worker.off('exit', onExit)
    }
    const fail = (error: OperationalError): void => {
      done()
      reject(error)
    }
    const onMessage = (reply: ScanReply): void => {
      if ('fault' in reply) return fail(scanError(reply.fault))
      done()
      resolve(reply)
    }
    const onError = (error: unknown): void => fail(scanError(messageOf(error), error))
    const onExit = (): void => fail(scanError('the reading thread ended'))
    const stopWatching = watchProgress(progress, () => fail(new BlockedRead(progress.position)))
    worker.on('message', onMessage)
    worker.on('error', onError)
    worker.on('exit', onExit)
    worker.postMessage(skips)
  })
}

/** Calls `onHang` when there has been no step for a while, once there was one: starting a thread takes as long as it takes. */
function watchProgress(progress: ScanProgress, onHang: () => void): () => void {
  const { steps } = progress
  let seen = steps
  let looks = 0
  const timer = setInterval(() => {
    const now = progress.steps
    looks = now === seen ? looks + 1 : 0
    seen = now
    if (looks < LOOKS_MAX || now === steps) return
    clearInterval(timer)
    onHang()
  }, LOOK_INTERVAL_MS)
  timer.unref()
  return () => clearInterval(timer)
}

class BlockedRead extends OperationalError {
  readonly position: ScanPosition

  constructor(position: ScanPosition) {
    const { pid, part } = position
    const what = pid === undefined ? "of the machine's own files in /proc" : `of process ${pid} (its ${part})`
    super(`processes cannot be read: a read ${what} blocks in the kernel; it is left out until that read comes back`, {
      reason: 'scan',
      retryable: true,
    })
    this.position = position
  }
}

function scanError(why: string, cause?: unknown): OperationalError {
  return new OperationalError(`processes cannot be read: ${why}`, { reason: 'scan', retryable: true, cause })
}
