import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseProcEvents, type ProcEvent } from '../../../../src/lib/linux/proc-events.ts'

const FORK = 0x1
const EXEC = 0x2
const UID = 0x4
const COMM = 0x200
const EXIT = 0x8000_0000

/** A message as the kernel sends it: `data` behind the headers, filled up to the union's 24 bytes and more. */
function message(
  what: number,
  data: readonly number[],
  options: { sequence?: number; cpu?: number; more?: number; text?: string } = {},
): Buffer {
  const bytes = Buffer.alloc(52 + 24 + (options.more ?? 0))
  bytes.writeUInt32LE(bytes.length, 0)
  bytes.writeUInt32LE(1, 16)
  bytes.writeUInt32LE(1, 20)
  bytes.writeUInt32LE(options.sequence ?? 0, 24)
  bytes.writeUInt16LE(40 + (options.more ?? 0), 32)
  bytes.writeUInt32LE(what, 36)
  bytes.writeUInt32LE(options.cpu ?? 0, 40)
  for (const [index, word] of data.entries()) bytes.writeUInt32LE(word >>> 0, 52 + 4 * index)
  if (options.text !== undefined) bytes.write(options.text, 60, 'latin1')
  return bytes
}

function eventsIn(bytes: Buffer, size = bytes.length): ProcEvent[] {
  const events: ProcEvent[] = []
  parseProcEvents(bytes, size, { event: (event) => events.push(event) })
  return events
}

test.each([0, 8, 64])('every kind, with %d bytes that this code does not know behind it', (more) => {
  const bytes = Buffer.concat([
    message(FORK, [10, 10, 20, 20], { more }),
    message(EXEC, [20, 20], { more }),
    message(COMM, [20, 20], { more, text: 'caf\xe9' }),
    message(EXIT, [20, 20, 3 << 8, 17], { more }),
    message(EXIT, [21, 21, 11 | 0x80, 17], { more }),
  ])
  expect(eventsIn(bytes)).toEqual([
    { kind: 'fork', pid: 20, parentPid: 10 },
    { kind: 'exec', pid: 20 },
    { kind: 'comm', pid: 20, comm: 'caf\\xe9' },
    { kind: 'exit', pid: 20, code: 3, signal: 0, dumpedCore: false },
    { kind: 'exit', pid: 21, code: 0, signal: 11, dumpedCore: true },
  ])
})

test('threads are not processes; a fork by a thread is a fork of its process', () => {
  const bytes = Buffer.concat([
    message(FORK, [10, 10, 11, 10]),
    message(FORK, [11, 10, 20, 20]),
    message(EXIT, [11, 10, 0, 0]),
    message(COMM, [11, 10]),
    message(UID, [10, 10, 0, 0]),
  ])
  expect(eventsIn(bytes)).toEqual([{ kind: 'fork', pid: 20, parentPid: 10 }])
})

test('the answer to our request, and the numbers by which a loss is seen', () => {
  const seen: unknown[] = []
  const bytes = Buffer.concat([
    message(0, [1], { sequence: 7, cpu: 0xffff_ffff }),
    message(0, [0], { sequence: 0xffff_fffe, cpu: 3 }),
    message(UID, [1, 1], { sequence: 0xffff_ffff, cpu: 3 }),
  ])
  parseProcEvents(bytes, bytes.length, {
    event: (event) => seen.push(event),
    ack: (ack) => seen.push(ack),
    sequence: (cpu, sequence) => seen.push([cpu, sequence]),
  })
  // Answers to all listeners are counted with the events of the CPU that gave them.
  expect(seen).toEqual([{ errno: 1 }, [3, 0xffff_fffe], { errno: 0 }, [3, 0xffff_ffff]])
})

test('what is cut off or not the connector of processes is passed over', () => {
  const whole = message(EXEC, [20, 20])
  for (let size = 0; size < whole.length; size++) expect(eventsIn(whole, size)).toEqual([])
  const other = Buffer.from(whole)
  other.writeUInt32LE(9, 16)
  expect(eventsIn(Buffer.concat([other, whole]))).toHaveLength(1)
})

test('no bytes make it fail or go on for ever', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => eventsIn(Buffer.from(bytes)).length < 300))
})
