/** Owns the questions whether a part is ready and whether measurements arrive, and what to say when they do not. */
import { setTimeout as delay } from 'node:timers/promises'
import { UsageError } from '../lib/errors.ts'
import type { Logger } from '../lib/log.ts'
import type { Child } from './child.ts'

const READY_MS_MAX = 60_000
const TARGET_UP_MS_MAX = 60_000
const POLL_MS = 100

/** Until the part answers that it is ready. Throws UsageError when it ends before, or takes too long. */
export async function waitUntilReady(child: Child, log: Logger, signal: AbortSignal): Promise<void> {
  const { name, readyUrl } = child.part
  await waitFor(
    async () => (await fetch(readyUrl, { signal: AbortSignal.timeout(2_000) })).ok,
    READY_MS_MAX,
    signal,
    () => {
      if (child.hasExited) throw new UsageError(`the ${name} did not start: ${withoutPrefix(child.lastLine)}`)
    },
  ).catch((error: unknown) => {
    throw error instanceof TimeoutError
      ? new UsageError(`the ${name} was not ready within ${READY_MS_MAX / 1000} s; see ${child.part.logFile}`)
      : error
  })
  log.debug(`The ${name} is ready`)
}

/** Ready means that measurements arrive where they are judged. */
export async function waitForFirstScrape(prometheusUrl: string, children: readonly Child[], signal: AbortSignal): Promise<void> {
  const query = `${prometheusUrl}/api/v1/query?query=${encodeURIComponent('count(up{job=~"procwarden-.+"} == 1) == 2')}`
  const isUp = async (): Promise<boolean> => /"result":\[\{/.test(await (await fetch(query, { signal: AbortSignal.timeout(2_000) })).text())
  await waitFor(isUp, TARGET_UP_MS_MAX, signal, () => {
    const dead = children.find((child) => child.hasExited)
    if (dead) throw new UsageError(`the ${dead.part.name} ended: ${withoutPrefix(dead.lastLine)}`)
  }).catch((error: unknown) => {
    throw error instanceof TimeoutError
      ? new UsageError(`Prometheus could not measure the exporter within ${TARGET_UP_MS_MAX / 1000} s; see ${prometheusUrl}/targets`)
      : error
  })
}

class TimeoutError extends Error {}

async function waitFor(isDone: () => Promise<boolean>, timeoutMs: number, signal: AbortSignal, check: () => void): Promise<void> {
  const end = performance.now() + timeoutMs
  for (;;) {
    signal.throwIfAborted()
    check()
    if (await isDone().catch(() => false)) return
    if (performance.now() > end) throw new TimeoutError()
    await delay(POLL_MS)
  }
}

function withoutPrefix(line: string): string {
  return line.replace(/^procwarden: /, '')
}
