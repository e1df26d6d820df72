/**
 * Owns finding where the alerts of a webhook payload begin and end in its bytes, so that they can be parsed one after the other:
 * ten thousand alerts as objects are several times their text. Judges nothing; what it returns is JSON only if JSON.parse says so.
 */

/** Where the elements of the list `alerts` are: pairs of offsets, the second one exclusive. */
export interface PayloadPieces {
  /** The text without the elements: `"alerts": []` stands for them. */
  readonly envelope: string
  readonly offsets: readonly number[]
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OPENING = new Set([0x5b, 0x7b])
const CLOSING = new Set([0x5d, 0x7d])
const LIST_OPENS = 0x5b
const SPACE = new Set([0x20, 0x09, 0x0a, 0x0d])
const KEY = Buffer.from('"alerts"')

/** Undefined when the list is there twice or the text ends within it. A text that has no such list is all envelope. */
export function splitPayload(bytes: Buffer): PayloadPieces | undefined {
  const list = findList(bytes, 0)
  if (list === undefined) return { envelope: bytes.toString('utf8'), offsets: [] }
  const elements = splitList(bytes, list.opensAt)
  if (elements === undefined || findList(bytes, elements.closesAt + 1, 1) !== undefined) return undefined
  return {
    envelope: bytes.toString('utf8', 0, list.opensAt + 1) + bytes.toString('utf8', elements.closesAt),
    offsets: elements.offsets,
  }
}

/** The first list that is the value of the key `alerts` of the outermost object, looked for from an offset at a known depth. */
function findList(bytes: Buffer, from: number, depthThere = 0): { readonly opensAt: number } | undefined {
  let depth = depthThere
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    if (byte === QUOTE) {
      const end = endOfText(bytes, at)
      if (depth === 1 && bytes.compare(KEY, 0, KEY.length, at, end) === 0) {
        const colon = skipSpace(bytes, end)
        const value = skipSpace(bytes, colon + 1)
        if (bytes[colon] === COLON && bytes[value] === LIST_OPENS) return { opensAt: value }
      }
      at = end - 1
    } else if (OPENING.has(byte)) depth++
    else if (CLOSING.has(byte)) depth--
  }
  return undefined
}

function splitList(bytes: Buffer, opensAt: number): { readonly offsets: readonly number[]; readonly closesAt: number } | undefined {
  const offsets: number[] = []
  let begins = opensAt + 1
  let depth = 0
  for (let at = begins; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    if (byte === QUOTE) at = endOfText(bytes, at) - 1
    else if (OPENING.has(byte)) depth++
    else if (CLOSING.has(byte)) {
      if (depth === 0) {
        // A list without elements has no piece; one with a comma at its end has a piece that is no JSON.
        if (offsets.length > 0 || skipSpace(bytes, begins) < at) offsets.push(begins, at)
        return { offsets, closesAt: at }
      }
      depth--
    } else if (byte === COMMA && depth === 0) {
      offsets.push(begins, at)
      begins = at + 1
    }
  }
  return undefined
}

/** Behind the closing quote of the text that begins at `at`; the end of the bytes when there is none. */
function endOfText(bytes: Buffer, at: number): number {
  for (let quote = bytes.indexOf(QUOTE, at + 1); quote >= 0; quote = bytes.indexOf(QUOTE, quote + 1)) {
    let backslashes = 0
    while (bytes[quote - 1 - backslashes] === BACKSLASH) backslashes++
    if (backslashes % 2 === 0) return quote + 1
  }
  return bytes.length
}

function skipSpace(bytes: Buffer, from: number): number {
  let at = from
  while (SPACE.has(bytes[at] ?? 0)) at++
  return at
}
