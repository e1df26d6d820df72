import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { html } from '../../../../src/remediator/console/html.ts'
import { visibleText } from '../../../../src/remediator/console/visible-text.ts'

/** Any code point, halves of pairs among them. */
const anything = fc.oneof(
  fc.constantFrom('<', '>', '"', "'", '&'),
  fc.integer({ min: 0, max: 0x10ffff }).map((code) => String.fromCodePoint(code)),
)

describe('what a name may hide is made visible', () => {
  test.each([
    ['bidi', 'invoice\u202egpj.exe', 'invoice\\u{202e}gpj.exe'],
    ['isolates', 'a\u2066b\u2069', 'a\\u{2066}b\\u{2069}'],
    ['a terminal escape', '\u001b[31mred', '\\x1b[31mred'],
    ['C1', 'a\u009bb', 'a\\x9bb'],
    ['zero width', 'ro\u200bot', 'ro\\u{200b}ot'],
    ['a tag character', 'a\u{e0041}', 'a\\u{e0041}'],
    ['a lone surrogate', 'a\ud800b', 'a\\u{d800}b'],
    ['NUL', 'a\0b', 'a\\x00b'],
    ['letters of all the world', 'Zoë Привет 日本語 😀', 'Zoë Привет 日本語 😀'],
    ['lines and tabs', 'one\ntwo\tthree', 'one\ntwo\tthree'],
  ])('%s', (_what, text, shown) => expect(visibleText(text)).toBe(shown))
})

describe('the template tag', () => {
  test('escapes in text and in attributes, however deep', () => {
    const hostile = `"><script>alert('1')</script>&`
    const inner = html`<b title="${hostile}">${[hostile, [hostile]]}</b>`
    const text = html`<p>${inner}</p>`.toString()
    expect(text).not.toContain('<script')
    expect(text).not.toMatch(/title="">/)
    expect(text.match(/&lt;script&gt;/g)).toHaveLength(3)
    expect(text.match(/<b /g)).toHaveLength(1)
  })

  test('nothing is nothing, and 0 is 0', () => {
    expect(html`<p>${false}${null}${undefined}${0}${''}</p>`.toString()).toBe('<p>0</p>')
  })

  test('no text gets out of where it was put, nor is markup by pretending to be', () => {
    fc.assert(
      fc.property(fc.string({ unit: anything, maxLength: 50 }), (text) => {
        const page = html`<a title="${text}">${text}</a>`.toString()
        return (page.match(/[<>]/g)?.length ?? 0) === 4 && (page.match(/"/g)?.length ?? 0) === 2
      }),
    )
  })
})
