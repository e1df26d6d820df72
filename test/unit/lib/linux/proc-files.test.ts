import { describe, expect, test } from 'vitest'
import { bytesToText } from '../../../../src/lib/linux/bytes-text.ts'
import { parseIo } from '../../../../src/lib/linux/proc-io.ts'
import { parseCmdline, parseExe, parseUid } from '../../../../src/lib/linux/proc-process.ts'
import { parseAuxv } from '../../../../src/lib/linux/sysconf.ts'

describe('names as text', () => {
  test.each([
    [Buffer.from('plain'), 'plain'],
    [Buffer.from('grüße ✓'), 'grüße ✓'],
    [Buffer.from([0x61, 0xff, 0x62]), 'a\\xffb'],
    [Buffer.from([0xed, 0xa0, 0x80]), '\\xed\\xa0\\x80'],
    [Buffer.from('line\nbreak'), 'line\nbreak'],
  ])('%o', (bytes, text) => {
    expect(bytesToText(bytes)).toBe(text)
  })
})

describe('parseCmdline', () => {
  test('splits at NUL and keeps empty arguments inside', () => {
    expect(parseCmdline(Buffer.from('a\0\0b c\0'))).toEqual(['a', '', 'b c'])
  })
  test('a title written over the arguments may end in many NULs, or in none', () => {
    expect(parseCmdline(Buffer.from('nginx: worker\0\0\0\0'))).toEqual(['nginx: worker'])
    expect(parseCmdline(Buffer.from('sshd: x'))).toEqual(['sshd: x'])
  })
  test('kernel threads have none', () => {
    expect(parseCmdline(Buffer.alloc(0))).toEqual([])
  })
  test('the number of arguments is bounded', () => {
    expect(parseCmdline(Buffer.from('x\0'.repeat(5000)))).toHaveLength(64)
  })
})

describe('the other files of a process', () => {
  test('the real user is found below a hostile name', () => {
    expect(parseUid(Buffer.from('Name:\tUid:\\t0\nUmask:\t0022\nUid:\t1000\t1001\t1002\t1003\n'))).toBe(1000)
    expect(parseUid(Buffer.from('Name:\tx\n'))).toBeUndefined()
  })
  test('a replaced executable keeps its name', () => {
    expect(parseExe(Buffer.from('/usr/bin/x (deleted)'))).toBe('/usr/bin/x')
    expect(parseExe(Buffer.from('/usr/bin/(deleted)'))).toBe('/usr/bin/(deleted)')
  })
  test('io needs all of its lines', () => {
    const text = 'rchar: 9\nwchar: 8\nsyscr: 7\nsyscw: 6\nread_bytes: 5\nwrite_bytes: 4\ncancelled_write_bytes: 3\n'
    expect(parseIo(Buffer.from(text))).toEqual({ readSyscalls: 7, writeSyscalls: 6, readBytes: 5, writeBytes: 4 })
    expect(parseIo(Buffer.from(text), 30)).toBeUndefined()
  })
})

describe('parseAuxv', () => {
  const pair = (type: number, value: number): Buffer => {
    const bytes = Buffer.alloc(16)
    bytes.writeBigUInt64LE(BigInt(type), 0)
    bytes.writeBigUInt64LE(BigInt(value), 8)
    return bytes
  }
  test('reads the page size and the clock ticks', () => {
    expect(parseAuxv(Buffer.concat([pair(33, 1), pair(6, 65_536), pair(17, 250), pair(0, 0)]))).toEqual({
      pageSizeBytes: 65_536,
      clockTicksPerSecond: 250,
    })
  })
  test('takes the usual values for what is missing, zero or cut off', () => {
    expect(parseAuxv(Buffer.concat([pair(17, 0), pair(6, 16_384).subarray(0, 12)]))).toEqual({
      pageSizeBytes: 4096,
      clockTicksPerSecond: 100,
    })
  })
})
