/** Owns the worker that reads /proc: starting it, asking it for one scan at a time, and starting it anew when it dies. */
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { OperationalError, messageOf } from '../../lib/errors.ts'
import type { ProcessScan, ProcessSource } from './process-source.ts'
import { ScanDeltaReader, type ScanDelta } from './scan-delta.ts'

/** What the worker answers to every message. */
export type ScanReply = { readonly delta: ScanDelta } | { readonly fault: string }

export interface WorkerProcessSourceOptions {
  readonly procfsRoot: string
  readonly descriptorsMax: number
}

/** Scans asked for while one is under way share it. A scan has no deadline of its own: a late one is still a true one. */
export function createWorkerProcessSource(options: WorkerProcessSourceOptions): ProcessSource {
  let worker: Worker | undefined
  let deltas = new ScanDeltaReader()
  let underWay: Promise<ProcessScan> | undefined

  const scan = async (): Promise<ProcessScan> => {
    if (worker === undefined) {
      worker = startWorker(options)
      deltas = new ScanDeltaReader()
    }
    try {
      return deltas.read(await ask(worker))
    } catch (error) {
      // A fresh worker tells every process' details again, so nothing is lost with the old one.
      const failed = worker
      worker = undefined
      await failed?.terminate()
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
      await worker?.terminate()
      worker = undefined
    },
  }
}

function startWorker(options: WorkerProcessSourceOptions): Worker {
  // The same extension as this file: .ts when run from source, .js when compiled.
  const worker = new Worker(new URL(`./proc-scan-worker${extname(import.meta.filename)}`, import.meta.url), {
    workerData: options,
    // Flags of the main thread (loaders, inspectors, memory sizes) are not this thread's.
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 128 },
  })
  worker.unref()
  return worker
}

function ask(worker: Worker): Promise<ScanDelta> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      worker.off('message', onMessage)
      worker.off('error', onError)
      worker.off('exit', onExit)
    }
    const fail = (why: string, cause?: unknown): void => {
      done()
      reject(new OperationalError(`processes cannot be read: ${why}`, { reason: 'scan', retryable: true, cause }))
    }
    const onMessage = (reply: ScanReply): void => {
      if ('fault' in reply) return fail(reply.fault)
      done()
      resolve(reply.delta)
    }
    const onError = (error: unknown): void => fail(messageOf(error), error)
    const onExit = (): void => fail('the reading thread ended')
    worker.on('message', onMessage)
    worker.on('error', onError)
    worker.on('exit', onExit)
    worker.postMessage('scan')
  })
}
