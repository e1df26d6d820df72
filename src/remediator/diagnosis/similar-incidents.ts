/** Owns which past incidents resemble one, what was done about them, and whether that held. Reads the store, changes nothing. */
import { z } from 'zod'
import type { Incident } from '../model.ts'
import type { Database } from '../store/database.ts'
import { diagnosisOf } from '../store/diagnoses/diagnosis-of.ts'
import { incidentsLike, type LikeIncident } from '../store/incidents/incidents-like.ts'
import { recursAfter } from '../store/incidents/recurs-after.ts'
import { ACTIONS, OUTCOMES } from '../vocabulary.ts'
import { numberOf } from './case.ts'

export const SimilarIncident = z.strictObject({
  id: z.string(),
  receivedAt: z.string(),
  alertname: z.string(),
  /** The program it was about; null for none. */
  program: z.string().nullable(),
  diagnosis: z.string().nullable(),
  action: z.enum(ACTIONS).nullable(),
  outcome: z.enum(OUTCOMES).nullable(),
  summary: z.string().nullable(),
  /** Whether the same did not come back within the hour; null where nothing was done, or the hour is not over. */
  held: z.boolean().nullable(),
  /** 0 to 1. */
  likeness: z.number(),
  /** In what it resembles this one, in words. */
  because: z.array(z.string()),
})
export type SimilarIncident = z.infer<typeof SimilarIncident>

/** What each thing in common is worth; together 1. */
const WORTH = { alert: 0.3, program: 0.3, diagnosis: 0.3, figures: 0.1 } as const
/** One of the first three alone is no resemblance. */
const LIKENESS_MIN = 0.5
const LOOKED_AT_MAX = 200
const HELD_FOR_MS = 3_600_000
/** Figures are alike when neither is more than twice the other. */
const FIGURES_RATIO_MAX = 2
const DONE = new Set(['killed', 'frozen', 'restarted', 'quarantined', 'reaped', 'executed', 'thawed'])

/** The most alike first, of equals the newest. */
export function similarIncidents(database: Database, incident: Incident, limit: number): SimilarIncident[] {
  const diagnosis = diagnosisOf(database, incident.id)
  const name = diagnosis === undefined || diagnosis.name === 'unknown' ? null : diagnosis.name
  const program = programOf(incident)
  const likeness = { id: incident.id, alertname: incident.alertname, program, diagnosis: name, before: incident.receivedAt }
  return incidentsLike(database, likeness, LOOKED_AT_MAX)
    .map((other) => ({ other, ...compare(incident, program, name, other) }))
    .filter((each) => each.likeness >= LIKENESS_MIN)
    .toSorted((a, b) => b.likeness - a.likeness || Date.parse(b.other.incident.receivedAt) - Date.parse(a.other.incident.receivedAt))
    .slice(0, limit)
    .map(({ other, likeness: worth, because }) => view(database, other, worth, because, incident.receivedAt))
}

function compare(incident: Incident, program: string | null, diagnosis: string | null, other: LikeIncident) {
  const because: string[] = []
  let likeness = 0
  const common = (what: keyof typeof WORTH, words: string): void => {
    likeness += WORTH[what]
    because.push(words)
  }
  if (other.incident.alertname === incident.alertname) common('alert', `the same alert, ${incident.alertname}`)
  if (program !== null && programOf(other.incident) === program) common('program', `the same program, ${program}`)
  if (diagnosis !== null && other.diagnosis === diagnosis) common('diagnosis', `the same diagnosis, ${diagnosis.replaceAll('_', ' ')}`)
  if (areAlike(incident, other.incident)) common('figures', 'figures of the same size')
  return { likeness: Math.round(likeness * 100) / 100, because }
}

function areAlike(one: Incident, other: Incident): boolean {
  if (one.annotations['unit'] !== other.annotations['unit']) return false
  const [a, b] = [numberOf(one.annotations['current']), numberOf(other.annotations['current'])]
  return a !== undefined && b !== undefined && a > 0 && b > 0 && Math.max(a, b) / Math.min(a, b) <= FIGURES_RATIO_MAX
}

function view(
  database: Database,
  { incident, diagnosis }: LikeIncident,
  likeness: number,
  because: readonly string[],
  seenFrom: string,
): SimilarIncident {
  const { id, receivedAt, alertname, action, outcome, summary } = incident
  const held = heldFor(database, incident, seenFrom)
  return {
    id,
    receivedAt,
    alertname,
    program: programOf(incident),
    diagnosis,
    action,
    outcome,
    summary,
    held,
    likeness,
    because: [...because],
  }
}

/** A failure did not hold; a success did when the same did not come back within the hour, seen from a later moment. */
function heldFor(database: Database, incident: Incident, seenFrom: string): boolean | null {
  const { outcome, closedAt } = incident
  if (outcome === 'failed') return false
  if (outcome === null || closedAt === null || !DONE.has(outcome)) return null
  const until = new Date(Date.parse(closedAt) + HELD_FOR_MS).toISOString()
  if (recursAfter(database, incident, programOf(incident), closedAt, until)) return false
  return until <= seenFrom ? true : null
}

function programOf({ target, labels }: Incident): string | null {
  return target?.group ?? labels['group'] ?? null
}
