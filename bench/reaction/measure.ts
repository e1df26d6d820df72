/** Owns one measurement of a reaction: a program of its own crosses the threshold, and the moments on the way are collected. */
import { copyFileSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import type { Children } from '../lib/children.ts'

export interface Loop {
  readonly prometheus: string
  readonly remediator: string
  readonly token: string
  readonly watched: string
}

/** Milliseconds, each from the moment before. */
export interface Reaction {
  readonly run: number
  readonly alert: string
  /** From the file that crosses the threshold to the scrape that has seen it. */
  readonly scrapeMs: number
  /** To the evaluation at which the alert fires. */
  readonly ruleMs: number
  /** To the remediator's having it on disk: Prometheus' sending, and Alertmanager. */
  readonly alertmanagerMs: number
  /** To the arrival of the signal in the process. */
  readonly remediatorMs: number
  readonly totalMs: number
}

interface Run {
  readonly run: number
  readonly rate: number
  readonly programsDir: string
}

/** "More than 100": the file that crosses is the 101st. */
const THRESHOLD = 100
const SIGNAL_MS_MAX = 60_000
const LOOK_EVERY_MS = 100

const Matrix = z.object({
  data: z.object({ result: z.array(z.object({ values: z.array(z.tuple([z.number(), z.string()])) })) }),
})
const Incidents = z.array(
  z.object({
    alertname: z.string(),
    status: z.string(),
    startedAt: z.string(),
    receivedAt: z.string(),
    target: z.looseObject({ pid: z.number().optional() }).nullable(),
    timeline: z.array(z.object({ at: z.string(), event: z.string() })),
  }),
)

/** What the exporter calls the program of a run. */
export function programName(run: number): string {
  return `reaction-${run}.mjs`
}

export async function measureReaction(loop: Loop, children: Children, { run, rate, programsDir }: Run): Promise<Reaction> {
  // A name of its own each: the cooldown counts by program, and an alert about a folder outlives its writer.
  const program = path.join(programsDir, programName(run))
  copyFileSync(path.join(import.meta.dirname, 'writer.mjs'), program)
  const directory = path.join(loop.watched, `run-${run}`)
  mkdirSync(directory)
  const writer = children.start(process.execPath, [program, directory, String(rate), String(THRESHOLD + 1)])
  const crossedMs = momentOf(await writer.line(/^crossed /))
  const signalledMs = momentOf(await writer.line(/^signalled /, SIGNAL_MS_MAX).catch((error: unknown) => explain(error, loop, writer.pid)))
  const incident = await incidentOf(loop, writer.pid)
  const scrapedMs = await firstScrapeAbove(loop, writer.pid)
  const firedMs = Date.parse(incident.startedAt)
  const receivedMs = Date.parse(incident.receivedAt)
  return {
    run,
    alert: incident.alertname,
    scrapeMs: scrapedMs - crossedMs,
    ruleMs: firedMs - scrapedMs,
    alertmanagerMs: receivedMs - firedMs,
    remediatorMs: signalledMs - receivedMs,
    totalMs: signalledMs - crossedMs,
  }
}

function momentOf(line: string): number {
  return Number(line.split(' ')[1])
}

async function incidentOf(loop: Loop, pid: number): Promise<z.infer<typeof Incidents>[number]> {
  for (let look = 0; look < 50; look++) {
    const found = (await incidents(loop)).find(
      ({ target, timeline }) => target?.pid === pid && timeline.some(({ event }) => event === 'signal.sent'),
    )
    if (found !== undefined) return found
    await delay(LOOK_EVERY_MS)
  }
  throw new Error(`the remediator has no incident about pid ${pid}`)
}

async function incidents(loop: Loop): Promise<z.infer<typeof Incidents>> {
  const response = await fetch(`${loop.remediator}/api/incidents`, { headers: { authorization: `Bearer ${loop.token}` } })
  return Incidents.parse(await response.json())
}

/** A range selector answers with the scrapes' own timestamps. */
async function firstScrapeAbove(loop: Loop, pid: number): Promise<number> {
  const query = `procwarden_process_files_created_total{pid="${pid}"}[5m]`
  const response = await fetch(`${loop.prometheus}/api/v1/query?query=${encodeURIComponent(query)}`)
  const values = Matrix.parse(await response.json()).data.result.flatMap((series) => series.values)
  const first = values.find(([, value]) => Number(value) > THRESHOLD)
  if (first === undefined) throw new Error(`no scrape has seen pid ${pid} above ${THRESHOLD} files: is the file watch without privileges?`)
  return first[0] * 1000
}

async function explain(error: unknown, loop: Loop, pid: number): Promise<never> {
  const known = await incidents(loop)
  const states = known.map(({ alertname, status, target }) => `${alertname} about pid ${target?.pid ?? '?'} is ${status}`)
  throw new Error(`no signal reached pid ${pid} within ${SIGNAL_MS_MAX / 1000} s; incidents: ${states.slice(0, 5).join('; ') || 'none'}`, {
    cause: error,
  })
}
