/** Owns what states are called and which shape stands for each: a word, a shape, and a tone that is never the only sign. */
import type { Incident } from '../model.ts'
import { html, type Html } from './html.ts'

export type Tone = 'bad' | 'ask' | 'work' | 'good' | 'calm'

export interface Word {
  readonly word: string
  readonly shape: string
  readonly tone: Tone
}

const OUTCOMES: Readonly<Record<NonNullable<Incident['outcome']>, Word>> = {
  killed: { word: 'killed', shape: '■', tone: 'good' },
  frozen: { word: 'frozen', shape: '❚❚', tone: 'work' },
  thawed: { word: 'thawed', shape: '▶', tone: 'good' },
  restarted: { word: 'restarted', shape: '↻', tone: 'good' },
  quarantined: { word: 'quarantined', shape: '▣', tone: 'good' },
  reaped: { word: 'reaped', shape: '✓', tone: 'good' },
  executed: { word: 'executed', shape: '✓', tone: 'good' },
  target_gone: { word: 'gone by itself', shape: '○', tone: 'calm' },
  failed: { word: 'failed', shape: '✕', tone: 'bad' },
  unknown: { word: 'unknown', shape: '?', tone: 'bad' },
  refused: { word: 'left alone', shape: '⊘', tone: 'calm' },
  observed: { word: 'only observed', shape: '◇', tone: 'calm' },
  notified: { word: 'told', shape: '✉', tone: 'calm' },
  cancelled: { word: 'over', shape: '○', tone: 'calm' },
}

/** What state an incident is in, as a person would say it. */
export function stateOf({ status, outcome, reason }: Pick<Incident, 'status' | 'outcome' | 'reason'>): Word {
  if (status === 'awaiting_approval') return { word: 'waits for you', shape: '▲', tone: 'ask' }
  if (status === 'queued') return { word: 'in work', shape: '●', tone: 'work' }
  if (status === 'deferred') return { word: reason === 'none' || reason === null ? 'being watched' : 'postponed', shape: '◔', tone: 'work' }
  if (outcome === 'refused' && reason === 'approval_denied') return { word: 'denied', shape: '⊘', tone: 'calm' }
  if (outcome === 'refused' && reason === 'approval_expired') return { word: 'expired', shape: '⊘', tone: 'calm' }
  return outcome === null ? { word: status, shape: '○', tone: 'calm' } : OUTCOMES[outcome]
}

export function badge({ word, shape, tone }: Word): Html {
  return html`<span class="badge ${tone}"><span class="shape" aria-hidden="true">${shape}</span>${word}</span>`
}

export function severityBadge(severity: string): Html {
  const tone: Tone = severity === 'critical' ? 'bad' : severity === 'warning' ? 'ask' : 'calm'
  return html`<span class="severity ${tone}">${severity}</span>`
}

const MODES = {
  observe: 'only tells what it would do',
  confirm: 'asks before it acts',
  auto: 'acts within its policies',
} as const

export function modeMeaning(mode: keyof typeof MODES): string {
  return MODES[mode]
}

/** `anomaly_first` as people write it. */
export function plainWords(text: string): string {
  return text.replaceAll(/[_.]/g, ' ')
}
