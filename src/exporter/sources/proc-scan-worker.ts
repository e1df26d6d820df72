/** Owns the thread in which /proc is read: a read that blocks in the kernel stops this thread and not the HTTP server. */
import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '../../lib/clock.ts'
import { assert, messageOf } from '../../lib/errors.ts'
import { createProcfs } from '../../lib/linux/proc-process.ts'
import { createGarbageCollection } from '../memory.ts'
import { ProcScanner, type Skips } from './proc-scan.ts'
import { ScanDeltaWriter } from './scan-delta.ts'
import { ScanProgress } from './scan-progress.ts'
import type { ScanReply, ScanWorkerData } from './worker-process-source.ts'

// Handed over by worker-process-source.ts in this same process, so it needs no parsing.
const { procfsRoot, descriptorsMax, progressMemory }: ScanWorkerData = workerData
const port = parentPort
assert(port !== null, 'this file runs as a worker')
const scanner = new ProcScanner({
  procfs: createProcfs(systemClock(), procfsRoot),
  descriptorsMax,
  progress: new ScanProgress(progressMemory),
})
const deltas = new ScanDeltaWriter()

const collectGarbage = createGarbageCollection()

port.on('message', (skips: Skips) => {
  port.postMessage(answer(skips))
  collectGarbage()
})

function answer(skips: Skips): ScanReply {
  try {
    const scan = scanner.scan(skips)
    return { delta: deltas.write(scan), passedOver: scan.passedOver }
  } catch (error) {
    return { fault: messageOf(error) }
  }
}
