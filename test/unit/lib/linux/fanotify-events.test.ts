import { describe, expect, test } from 'vitest'
import { FanotifyCursor } from '../../../../src/lib/linux/fanotify-events.ts'

const FID = 1
const DFID_NAME = 2
const PIDFD = 4

interface Info {
  readonly type: number
  readonly fsid?: string
  readonly handle?: Buffer
  readonly name?: Buffer
}

/** An event as fanotify(7) lays it out. */
function event(mask: number, pid: number, infos: readonly Info[]): Buffer {
  const records = infos.map((info) => {
    const handle = info.handle ?? Buffer.alloc(0)
    const body = Buffer.concat([
      Buffer.from(info.fsid ?? '', 'latin1'),
      handleHeader(handle),
      handle,
      info.name ? Buffer.concat([info.name, Buffer.alloc(1)]) : Buffer.alloc(0),
    ])
    const padded = Buffer.concat([Buffer.alloc(4), body, Buffer.alloc((4 - (body.length % 4)) % 4)])
    padded[0] = info.type
    padded.writeUInt16LE(padded.length, 2)
    return padded
  })
  const head = Buffer.alloc(24)
  head.writeUInt32LE(24 + records.reduce((sum, record) => sum + record.length, 0), 0)
  head[4] = 3
  head.writeUInt16LE(24, 6)
  head.writeBigUInt64LE(BigInt(mask), 8)
  head.writeInt32LE(-1, 16)
  head.writeInt32LE(pid, 20)
  return Buffer.concat([head, ...records])
}

function handleHeader(handle: Buffer): Buffer {
  const header = Buffer.alloc(8)
  header.writeUInt32LE(handle.length, 0)
  header.writeInt32LE(1, 4)
  return header
}

interface Parsed {
  readonly mask: number
  readonly pid: number
  readonly directory: string | undefined
  readonly name: string
  readonly target: string | undefined
}

function parse(bytes: Buffer, size = bytes.length): Parsed[] {
  const cursor = new FanotifyCursor(bytes)
  cursor.begin(size)
  const events: Parsed[] = []
  while (cursor.next())
    events.push({
      mask: cursor.mask,
      pid: cursor.pid,
      directory: cursor.directory(),
      name: cursor.name().toString('latin1'),
      target: cursor.target(),
    })
  return events
}

const directory = { type: DFID_NAME, fsid: '12345678', handle: Buffer.from('abcdefgh') }

describe('FanotifyCursor', () => {
  test('reads the folder, the name and the pid of a creation', () => {
    const [one] = parse(event(0x100, 4711, [{ ...directory, name: Buffer.from('file.txt') }]))
    expect(one).toMatchObject({ mask: 0x100, pid: 4711, target: undefined })
    expect(one?.name).toBe('file.txt')
    expect(one?.directory).toBe(`12345678${handleHeader(Buffer.alloc(8)).toString('latin1')}abcdefgh`)
  })

  test('a name may hold any byte but NUL and slash', () => {
    const name = Buffer.from([0xff, 0x0a, 0x22, 0x5c, 0x01])
    expect(parse(event(0x100, 1, [{ ...directory, name }]))[0]?.name).toBe(name.toString('latin1'))
  })

  test('a new folder comes with its own handle, beside records of kinds not asked for', () => {
    const target = { type: FID, fsid: '12345678', handle: Buffer.from('CHILD') }
    const pidfd = { type: PIDFD }
    const [one] = parse(event(0x100 | 0x4000_0000, 2, [pidfd, { ...directory, name: Buffer.from('d') }, target]))
    expect(one).toMatchObject({ mask: 0x4000_0100 })
    expect(one?.target).toBe(`12345678${handleHeader(Buffer.alloc(5)).toString('latin1')}CHILD`)
  })

  test('an overflow names no folder', () => {
    expect(parse(event(0x4000, 0, []))).toMatchObject([{ mask: 0x4000, directory: undefined }])
  })

  test('reads all events of a buffer, and nothing beyond its size', () => {
    const three = Buffer.concat([1, 2, 3].map((pid) => event(0x100, pid, [{ ...directory, name: Buffer.from(`f${pid}`) }])))
    expect(parse(three).map(({ pid }) => pid)).toEqual([1, 2, 3])
    expect(parse(Buffer.concat([three, Buffer.alloc(64, 0xff)]), three.length)).toHaveLength(3)
  })

  test('the folder of the event before is known again without a string of it', () => {
    const other = { ...directory, handle: Buffer.from('abcdefgX') }
    const bytes = Buffer.concat([directory, directory, other].map((info) => event(0x100, 1, [{ ...info, name: Buffer.from('f') }])))
    const cursor = new FanotifyCursor(bytes)
    cursor.begin(bytes.length)
    const key = Buffer.alloc(64)
    cursor.next()
    const length = cursor.copyDirectory(key)
    const again = [cursor.next() && cursor.isDirectory(key, length), cursor.next() && cursor.isDirectory(key, length)]
    expect(again).toEqual([true, false])
  })

  test('a layout it does not know is refused rather than misread', () => {
    const strange = event(0x100, 1, [])
    strange[4] = 9
    expect(() => parse(strange)).toThrow('unknown layout')
    const endless = event(0x100, 1, [])
    endless.writeUInt32LE(0, 0)
    expect(() => parse(endless)).toThrow('unknown layout')
  })
})
