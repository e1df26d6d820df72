/** Owns giving the worker what it works with, and what follows when an incident is done. */
import type { Assembled, Foundation } from './assemble.ts'
import { logConclusion } from './log-conclusion.ts'
import { isSynthetic } from './synthetic.ts'
import { Worker } from './worker.ts'

export function createWorker(foundation: Foundation, assembled: () => Assembled, mayWork: () => boolean): Worker {
  const { database, journal, clock, log, metrics } = foundation
  return new Worker({
    database,
    journal,
    clock,
    log,
    mayWork,
    pipeline: {
      run: (incident, signal) => assembled().pipeline.run(incident, signal),
      giveUp: (incident, text) => assembled().pipeline.giveUp(incident, text),
    },
    mayActNow: (known) => assembled().mayActNow(known),
    sweep: (signal) => assembled().sweep(signal),
    onStoreError: (reason) => metrics.storeFailed(reason),
    onDone: (incident) => {
      if (isSynthetic(incident)) return
      metrics.concluded(incident)
      logConclusion(incident, log)
      assembled().mailer?.wake()
    },
  })
}
