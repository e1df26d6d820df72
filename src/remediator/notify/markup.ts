/** Owns the template by which mails and the pages behind their links are written: every value is escaped, and no value is a promise. */
import { html as template, raw } from 'hono/html'
import type { HtmlEscapedString } from 'hono/utils/html'
import { assert } from '../../lib/errors.ts'

export type Markup = HtmlEscapedString
type Value = Markup | string | number | readonly Markup[]

export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Markup {
  const result = template(strings, ...values)
  assert(!(result instanceof Promise), 'no value of a template is a promise')
  return result
}

/** The element whole, so that no formatter of our sources changes what its hash is made of. `css` is ours, never a value. */
export function styleElement(css: string): Markup {
  return raw(`<style>${css}</style>`)
}
