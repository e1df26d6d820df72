import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { ByteWriter } from '../../../src/lib/byte-writer.ts'

const written = (write: (out: ByteWriter) => void): string => {
  const out = new ByteWriter(1)
  write(out)
  return Buffer.from(out.view()).toString()
}

test('any text comes out as its UTF-8, a lone surrogate as U+FFFD', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), (texts) => {
      expect(written((out) => texts.forEach((text) => out.text(text)))).toBe(texts.map((text) => text.toWellFormed()).join(''))
    }),
  )
  expect(written((out) => out.text('\ud800x\udc00'))).toBe('\ufffdx\ufffd')
})

test('a number is written as String() writes it', () => {
  fc.assert(
    fc.property(fc.oneof(fc.double(), fc.integer(), fc.maxSafeInteger()), (value) => {
      expect(written((out) => out.number(value))).toBe(String(value))
    }),
  )
  for (const value of [0, -0, 9, 10, 999_999_999, 1_000_000_000, Number.NaN, -1]) {
    expect(written((out) => out.number(value))).toBe(String(value))
  }
})

test('bytes are taken as they are, and room is used again after a clear', () => {
  const out = new ByteWriter(2)
  out.bytes(Uint8Array.of(1, 2, 3))
  out.clear()
  out.bytes(Uint8Array.of(4))
  expect([out.length, ...out.view()]).toEqual([1, 4])
})
