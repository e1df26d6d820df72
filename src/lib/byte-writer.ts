/** Owns writing text as UTF-8 into memory that is used again: what strings would leave to the garbage collector is never made. */

const REPLACEMENT = 0xff_fd
const UTF16_UNIT_BYTES_MAX = 3
const DIGITS_MAX = 10

/** Grows as needed and never shrinks; what was written stands until `clear`. */
export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer>
  #length = 0

  constructor(capacityBytes = 4096) {
    this.#bytes = new Uint8Array(capacityBytes)
  }

  get length(): number {
    return this.#length
  }

  clear(): void {
    this.#length = 0
  }

  /** A view of what is written; it holds only until the next write. */
  view(from = 0, to = this.#length): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(from, to)
  }

  bytes(source: Uint8Array): void {
    this.#reserve(source.length)
    this.#bytes.set(source, this.#length)
    this.#length += source.length
  }

  /** Appends once more what stands there already. */
  again(from: number, to: number): void {
    this.#reserve(to - from)
    this.#bytes.copyWithin(this.#length, from, to)
    this.#length += to - from
  }

  /** Any text; a lone surrogate, which UTF-8 cannot carry, becomes U+FFFD. */
  text(text: string): void {
    this.#reserve(text.length * UTF16_UNIT_BYTES_MAX)
    const bytes = this.#bytes
    let at = this.#length
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index)
      if (unit < 0x80) {
        bytes[at++] = unit
        continue
      }
      this.#length = at
      index += this.#beyondAscii(text, index, unit)
      at = this.#length
    }
    this.#length = at
  }

  /** The decimal digits of a whole number, and of others what String() gives. */
  number(value: number): void {
    if (value < 0 || value > 999_999_999 || !Number.isInteger(value) || Object.is(value, -0)) {
      this.text(String(value))
      return
    }
    this.#reserve(DIGITS_MAX)
    let digits = 1
    for (let rest = value; rest > 9; rest = Math.trunc(rest / 10)) digits++
    let rest = value
    for (let at = this.#length + digits - 1; at >= this.#length; at--) {
      this.#bytes[at] = 0x30 + (rest % 10)
      rest = Math.trunc(rest / 10)
    }
    this.#length += digits
  }

  /** Returns how many further units of `text` were taken: 1 for a pair of surrogates. */
  #beyondAscii(text: string, index: number, unit: number): number {
    const codePoint = unit >= 0xd8_00 && unit <= 0xdf_ff ? (text.codePointAt(index) ?? REPLACEMENT) : unit
    if (codePoint <= 0xff_ff) {
      const isLone = codePoint >= 0xd8_00 && codePoint <= 0xdf_ff
      this.#encode(isLone ? REPLACEMENT : codePoint)
      return 0
    }
    this.#encode(codePoint)
    return 1
  }

  /** RFC 3629, section 3, for what is not ASCII; the room is there already. */
  #encode(codePoint: number): void {
    const bytes = this.#bytes
    const tail = (shift: number): number => 0x80 | ((codePoint >> shift) & 0x3f)
    if (codePoint < 0x8_00) bytes[this.#length++] = 0xc0 | (codePoint >> 6)
    else if (codePoint < 0x1_00_00) {
      bytes[this.#length++] = 0xe0 | (codePoint >> 12)
      bytes[this.#length++] = tail(6)
    } else {
      bytes[this.#length++] = 0xf0 | (codePoint >> 18)
      bytes[this.#length++] = tail(12)
      bytes[this.#length++] = tail(6)
    }
    bytes[this.#length++] = tail(0)
  }

  #reserve(more: number): void {
    const needed = this.#length + more
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
  }
}
