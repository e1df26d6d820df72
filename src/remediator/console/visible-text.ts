/** Owns making visible what a name may hide: control characters, marks that turn text around, and characters without a width. */

/**
 * Everything Unicode classes as control, format, surrogate, private or unassigned, and the line and paragraph separators. Line
 * feeds and tabs stay: HTML shows them as a space.
 */
const HIDDEN = /[^\P{C}\n\t]|[\u2028\u2029]/gu

/** `abc\u202egpj.exe` with the mark that turns the rest around becomes `abc\u{202e}gpj.exe`, letter by letter. */
export function visibleText(text: string): string {
  return text.replaceAll(HIDDEN, (character) => {
    const code = character.codePointAt(0) ?? 0
    return code <= 0xff ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
  })
}
