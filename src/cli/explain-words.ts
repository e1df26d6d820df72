/** Owns the sentences of `procwarden explain` about processes and past incidents. */
import { describe } from '../exporter/api/classification.ts'
import type { TopProcessView } from '../exporter/api/system-schemas.ts'
import { UsageError } from '../lib/errors.ts'
import { createClassifier } from '../lib/groups/category.ts'
import { loadCategories } from '../lib/groups/category-rules.ts'
import { viewWholeIncident } from '../remediator/incident-view.ts'
import { amount, bytes, duration } from '../remediator/diagnosis/words.ts'
import { listIncidents } from '../remediator/store/incidents/list-incidents.ts'
import type { ProcessReading } from './explain-reading.ts'
import { readStore } from './read-store.ts'

const NAMED_MAX = 5
const INCIDENTS_MAX = 3
/** Less is nothing to speak of. */
const CORES_MIN = 0.01

/** The processes that use most, each in a sentence. */
export function topSentences(top: readonly TopProcessView[]): string[] {
  return top
    .filter(({ cpuCores, memoryRatio, state }) => cpuCores >= CORES_MIN || memoryRatio >= CORES_MIN || state === 'D')
    .slice(0, NAMED_MAX)
    .map(({ sentence, pid, cpuCores, residentMemoryBytes, state }) => {
      const waits = state === 'D' ? ', and it waits for storage' : ''
      return `${sentence} (pid ${pid}): ${amount(cpuCores)} cores, ${bytes(residentMemoryBytes)} of memory${waits}.`
    })
}

/** What a program is and does; of many processes the busiest are named. */
export function processSentences(readings: readonly ProcessReading[]): string[] {
  const [first] = readings
  if (first === undefined) return []
  const { group, unit } = first.view
  const found = createClassifier(loadCategories())({
    group,
    unit: unit ?? undefined,
    user: first.view.user ?? undefined,
    isKernelThread: false,
  })
  const busiest = readings.toSorted((a, b) => (b.cpuCores ?? 0) - (a.cpuCores ?? 0)).slice(0, NAMED_MAX)
  const more = readings.length - busiest.length
  return [
    `${describe(group, found).sentence}, with ${readings.length} ${readings.length === 1 ? 'process' : 'processes'}.`,
    ...busiest.map(sentenceOf),
    ...(more > 0 ? [`${more} more of its processes use less.`] : []),
  ]
}

function sentenceOf({ view, cpuCores, readBytesPerSecond, writtenBytesPerSecond, callsPerSecond }: ProcessReading): string {
  const { pid, user, startTime, residentMemoryBytes, memoryRatio, threads, openFds, filesCreated, state, commandLine } = view
  const age = duration((Date.now() - Date.parse(startTime)) / 1000)
  const parts = [
    cpuCores === null ? undefined : `${amount(cpuCores)} cores`,
    `${bytes(residentMemoryBytes)} of memory (${(memoryRatio * 100).toFixed(1)} %)`,
    threads === null ? undefined : `${threads} threads`,
    openFds === null ? undefined : `${openFds} open files`,
  ].filter((part) => part !== undefined)
  const storage =
    readBytesPerSecond === null || writtenBytesPerSecond === null
      ? ''
      : ` It reads ${bytes(readBytesPerSecond)} and writes ${bytes(writtenBytesPerSecond)} a second${callsPerSecond === null ? '' : `, with ${amount(callsPerSecond)} calls`}.`
  const files = filesCreated === null || filesCreated === 0 ? '' : ` It has created ${filesCreated} files.`
  const waits =
    state === 'D' ? ' It waits for storage.' : state === 'T' ? ' It is stopped.' : state === 'Z' ? ' It has ended and was not buried.' : ''
  return `pid ${pid}${user === null ? '' : ` of ${user}`}, running for ${age}, uses ${parts.join(', ')}.${storage}${files}${waits} Started as: ${commandLine.join(' ').slice(0, 200)}`
}

export interface PastIncident {
  readonly id: string
  readonly sentence: string
}

/** The newest incidents, or those about one program; none where no store is. */
export function recentIncidents(stateDir: string, group: string | undefined): PastIncident[] {
  try {
    return readStore(stateDir, (database) =>
      listIncidents(database, INCIDENTS_MAX, { group })
        .filter((incident) => group !== undefined || incident.resolvedAt === null)
        .map((incident) => {
          const { diagnosis } = viewWholeIncident(database, incident)
          const why =
            diagnosis === null || diagnosis.name === 'unknown'
              ? ''
              : ` Diagnosis (confidence ${diagnosis.confidence}): ${diagnosis.explanation}`
          const what = (incident.summary ?? 'In work').replace(/\.?$/, '.')
          return {
            id: incident.id,
            sentence: `${incident.alertname} since ${incident.startedAt.slice(0, 19).replace('T', ' ')}: ${what}${why} (procwarden show ${incident.id})`,
          }
        }),
    )
  } catch (error) {
    if (error instanceof UsageError) return []
    throw error
  }
}
