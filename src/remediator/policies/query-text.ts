/**
 * Owns PromQL texts of policies that speak of an alert's labels: `{{group}}` stands for the label's value as a whole PromQL
 * string, quotes included. Values come from strangers, so that nothing of them is ever PromQL.
 */
import { z } from 'zod'
import { promqlString } from '../prometheus.ts'

const PLACEHOLDER = /\{\{\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*\}\}/g
const QUERY_LENGTH_MAX = 8_192

export const QueryText = z
  .string()
  .min(1)
  .max(QUERY_LENGTH_MAX)
  .superRefine((text, context) => {
    const bare = text.replaceAll(PLACEHOLDER, '')
    if (/\{\{|\}\}/.test(bare)) context.addIssue({ code: 'custom', message: 'a placeholder is a label name: {{group}}' })
    for (const name of quotedPlaceholders(text))
      context.addIssue({ code: 'custom', message: `{{${name}}} brings its own quotes: write group={{${name}}}, without quotes around it` })
  })

/** The query with the labels' values in their places; a label that is missing is the empty string. */
export function fillQuery(text: string, labels: Readonly<Record<string, string>>): string {
  return text.replaceAll(PLACEHOLDER, (_all, name: string) => promqlString(Object.hasOwn(labels, name) ? (labels[name] ?? '') : ''))
}

/** Placeholders that stand inside a string of the query. */
function quotedPlaceholders(text: string): string[] {
  const found: string[] = []
  for (const [literal] of text.matchAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/g))
    for (const placeholder of literal.matchAll(PLACEHOLDER)) found.push(placeholder[1] ?? '')
  return found
}
