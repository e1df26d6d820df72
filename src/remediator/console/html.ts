/** Owns how pages are written: a template tag that escapes everything and makes hidden characters visible. There is no way around it. */
import { html as template } from 'hono/html'
import type { HtmlEscapedString } from 'hono/utils/html'
import { assert } from '../../lib/errors.ts'
import { visibleText } from './visible-text.ts'

/** Markup that this tag has made. Only it is taken as it is; a string never is. */
export type Html = HtmlEscapedString
/** `false`, `null` and `undefined` are nothing. */
export type Value = Html | string | number | false | null | undefined | readonly Value[]

/** Values belong between tags or into quoted attributes; nowhere else does escaping protect. */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Html {
  const result = template(strings, ...values.map(shown))
  assert(!(result instanceof Promise), 'no value of a template is a promise')
  return result
}

function shown(value: Value): unknown {
  if (Array.isArray(value)) return value.map(shown)
  return typeof value === 'string' ? visibleText(value) : value
}
