/** Owns label matchers in Alertmanager's syntax: `name="value"`, `!=`, `=~` and `!~` (anchored regular expressions). */

export interface Matcher {
  readonly text: string
  matches(labels: Readonly<Record<string, string>>): boolean
}

const SYNTAX = /^\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|([^\s"{},]*))\s*$/

/** A matcher from its text. Throws an Error with a sentence for a person. */
export function parseMatcher(text: string): Matcher {
  const parts = SYNTAX.exec(text)
  if (!parts) throw new Error(`"${text}" is not a matcher: write name="value", name!="value", name=~"regex" or name!~"regex"`)
  const name = parts[1] ?? ''
  const operator = parts[2] ?? '='
  const value =
    parts[3] === undefined
      ? (parts[4] ?? '')
      : parts[3].replaceAll(/\\(.)/g, (_all, character: string) =>
          character === 'n' ? '\n' : character === '"' || character === '\\' ? character : `\\${character}`,
        )
  // A missing label is the empty string, as in Alertmanager.
  const labelOf = (labels: Readonly<Record<string, string>>): string => (Object.hasOwn(labels, name) ? (labels[name] ?? '') : '')
  if (operator === '=') return { text, matches: (labels) => labelOf(labels) === value }
  if (operator === '!=') return { text, matches: (labels) => labelOf(labels) !== value }
  const pattern = anchored(value, text)
  return operator === '=~'
    ? { text, matches: (labels) => pattern.test(labelOf(labels)) }
    : { text, matches: (labels) => !pattern.test(labelOf(labels)) }
}

function anchored(source: string, text: string): RegExp {
  try {
    return new RegExp(`^(?:${source})$`, 'su')
  } catch (error) {
    throw new Error(`"${text}": ${error instanceof Error ? error.message : 'not a regular expression'}`, { cause: error })
  }
}
