/** Owns label matchers in Alertmanager's syntax: `name="value"`, `!=`, `=~` and `!~` (anchored regular expressions). */

export const OPERATORS = ['=', '!=', '=~', '!~'] as const
export type Operator = (typeof OPERATORS)[number]

export interface Matcher {
  readonly text: string
  /** The label's name. */
  readonly name: string
  readonly operator: Operator
  /** As written, without quotes and escapes. */
  readonly value: string
  /** All values that fit, where they are known: of `=`, and of a `=~` that is a choice of plain words. */
  readonly values: readonly string[] | undefined
  matches(labels: Readonly<Record<string, string>>): boolean
}

const SYNTAX = /^\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|([^\s"{},]*))\s*$/

/** A matcher from its text. Throws an Error with a sentence for a person. */
export function parseMatcher(text: string): Matcher {
  const parts = SYNTAX.exec(text)
  if (!parts) throw new Error(`"${text}" is not a matcher: write name="value", name!="value", name=~"regex" or name!~"regex"`)
  const name = parts[1] ?? ''
  const operator = OPERATORS.find((each) => each === parts[2]) ?? '='
  const value =
    parts[3] === undefined
      ? (parts[4] ?? '')
      : parts[3].replaceAll(/\\(.)/g, (_all, character: string) =>
          character === 'n' ? '\n' : character === '"' || character === '\\' ? character : `\\${character}`,
        )
  const fits = valueTest(operator, value, text)
  // A missing label is the empty string, as in Alertmanager.
  return {
    text,
    name,
    operator,
    value,
    values: operator === '=' ? [value] : operator === '=~' ? plainChoice(value) : undefined,
    matches: (labels) => fits(Object.hasOwn(labels, name) ? (labels[name] ?? '') : ''),
  }
}

function valueTest(operator: Operator, value: string, text: string): (actual: string) => boolean {
  if (operator === '=') return (actual) => actual === value
  if (operator === '!=') return (actual) => actual !== value
  const pattern = anchored(value, text)
  return operator === '=~' ? (actual) => pattern.test(actual) : (actual) => !pattern.test(actual)
}

/** `a|b|c`, or one word, without anything special in it. */
function plainChoice(source: string): string[] | undefined {
  return /^[\w -]+(?:\|[\w -]+)*$/.test(source) ? source.split('|') : undefined
}

function anchored(source: string, text: string): RegExp {
  try {
    // Alone first: what is only balanced together with the brackets around it would not be anchored.
    return new RegExp(`^(?:${new RegExp(source, 'su').source})$`, 'su')
  } catch (error) {
    throw new Error(`"${text}": ${error instanceof Error ? error.message : 'not a regular expression'}`, { cause: error })
  }
}
