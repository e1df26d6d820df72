/** Owns what a mail consists of before it is text or HTML, and making every word of it safe to show. */
import { printable } from '../../lib/log.ts'

/** Something a person can do: by a link where there is one, by a command always. */
export interface Choice {
  readonly label: string
  readonly command?: string
  readonly url?: string
}

export interface Letter {
  readonly subject: string
  /** `stopped: storm (pid 7)`. */
  readonly headline: string
  readonly tone: 'bad' | 'ask' | 'good' | 'calm'
  /** What happened and what was or will be done. The first one says it all. */
  readonly sentences: readonly string[]
  readonly facts: ReadonlyArray<readonly [name: string, value: string]>
  readonly choices: readonly Choice[]
  /** Of a digest: one line for each mail that was held back. */
  readonly lines?: readonly string[]
  readonly footer: readonly Choice[]
}

const SUBJECT_LENGTH_MAX = 250

/**
 * Control characters, and those that turn the direction of text around (unicode.org/reports/tr9), become visible escapes: a file
 * or program may be called anything.
 */
export function plain(text: string): string {
  return printable(text).replaceAll(
    /[\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

export function subjectLine(text: string): string {
  const line = plain(text)
  return line.length <= SUBJECT_LENGTH_MAX ? line : `${line.slice(0, SUBJECT_LENGTH_MAX - 1)}…`
}
