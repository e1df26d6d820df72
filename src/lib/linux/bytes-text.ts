/** Owns turning names from the kernel, which are bytes, into text that is valid UTF-8 and still shows every byte. */

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The bytes as UTF-8; where they are not, each byte above 0x7f as `\xNN`. Control characters stay as they are. */
export function bytesToText(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes)
  } catch {
    let text = ''
    for (const byte of bytes) text += byte < 0x80 ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`
    return text
  }
}
