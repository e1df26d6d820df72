/** Owns counting TCP connections by state, from the kernel's own tables and within a bound. Never tells who talks to whom. */
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { readTextNow } from './host-read.ts'

/** include/net/tcp_states.h; the numbers in /proc/net/tcp. */
const STATES: Readonly<Record<string, string>> = {
  '01': 'established',
  '02': 'syn_sent',
  '03': 'syn_recv',
  '04': 'fin_wait1',
  '05': 'fin_wait2',
  '06': 'time_wait',
  '07': 'close',
  '08': 'close_wait',
  '09': 'last_ack',
  '0A': 'listen',
  '0B': 'closing',
  '0C': 'syn_recv',
}

/** A line is 150 bytes and the kernel needs about a microsecond for each: beyond this the table is not read. */
const SOCKETS_MAX = 20_000
const TABLE_BYTES_MAX = 8 * 2 ** 20
const CHUNK_BYTES = 64 * 1024

/** The kernel walks a hash table sized by the machine's memory for each of the two, which takes up to 10 ms however few sockets there are. */
const TABLE_AGE_MS_MAX = 60_000

export type Connections = ReadonlyMap<string, number>

/**
 * Connections by state, IPv4 and IPv6 together, read anew once a minute. On a machine with more than 20,000 sockets
 * only `established` and `time_wait`, which the kernel keeps count of itself. Undefined where neither can be read.
 */
export function createConnectionsReader(procfsRoot: string, clock: { nowMs(): number }): () => Promise<Connections | undefined> {
  let last: Connections | undefined
  let lastReadMs = -Infinity
  return async () => {
    if (Math.abs(clock.nowMs() - lastReadMs) < TABLE_AGE_MS_MAX) return last
    last = await readTcpConnections(procfsRoot)
    lastReadMs = clock.nowMs()
    return last
  }
}

async function readTcpConnections(procfsRoot: string): Promise<Connections | undefined> {
  const text = (name: string): string => readTextNow(join(procfsRoot, 'net', name)) ?? ''
  const sockstat = text('sockstat')
  const sockets = parseSocketCount(sockstat, text('sockstat6'))
  if (sockets === undefined || sockets <= SOCKETS_MAX) {
    const counts = emptyCounts()
    const tables = await Promise.all([countTable(join(procfsRoot, 'net/tcp'), counts), countTable(join(procfsRoot, 'net/tcp6'), counts)])
    // A kernel without IPv6 has no tcp6: absent is whole.
    if (tables.includes('read') && !tables.includes('cut')) return counts
  }
  return parseKernelCounts(sockstat, text('snmp'))
}

/** Adds the lines of one chunk of /proc/net/tcp to `counts`; `rest` is what the chunk before left unfinished. Returns the new rest. */
export function countStates(rest: string, chunk: string, counts: Map<string, number>): string {
  const lines = (rest + chunk).split('\n')
  const unfinished = lines.pop() ?? ''
  for (const line of lines) {
    // sl: local_address rem_address st ...
    const code = /^\s*\d+: \S+ \S+ ([0-9A-F]{2}) /.exec(line)?.[1]
    const state = code === undefined ? undefined : STATES[code]
    if (state !== undefined) counts.set(state, (counts.get(state) ?? 0) + 1)
  }
  return unfinished
}

/** Sockets in use and waiting, from sockstat; undefined when it does not tell. */
export function parseSocketCount(sockstat: string, sockstat6: string): number | undefined {
  const four = /^TCP: inuse (\d+) orphan \d+ tw (\d+)/m.exec(sockstat)
  if (four === null) return undefined
  return Number(four[1]) + Number(four[2]) + Number(/^TCP6: inuse (\d+)/m.exec(sockstat6)?.[1] ?? 0)
}

/** What the kernel counts itself: CurrEstab of snmp (established and close_wait, RFC 1213) and tw of sockstat. */
export function parseKernelCounts(sockstat: string, snmp: string): Connections | undefined {
  const counts = new Map<string, number>()
  const [names, values] = snmp.split('\n').filter((line) => line.startsWith('Tcp:'))
  const established = Number(values?.split(' ')[names?.split(' ').indexOf('CurrEstab') ?? -1])
  if (Number.isFinite(established)) counts.set('established', established)
  const waiting = /^TCP: .*\btw (\d+)/m.exec(sockstat)?.[1]
  if (waiting !== undefined) counts.set('time_wait', Number(waiting))
  return counts.size === 0 ? undefined : counts
}

async function countTable(path: string, counts: Map<string, number>): Promise<'read' | 'cut' | 'absent'> {
  const file = await open(path, 'r').catch(() => undefined)
  if (file === undefined) return 'absent'
  try {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
    let rest = ''
    for (let total = 0; total < TABLE_BYTES_MAX;) {
      const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, null)
      if (bytesRead === 0) return 'read'
      total += bytesRead
      rest = countStates(rest, buffer.toString('latin1', 0, bytesRead), counts)
    }
    return 'cut'
  } finally {
    await file.close()
  }
}

function emptyCounts(): Map<string, number> {
  return new Map(Object.values(STATES).map((state) => [state, 0]))
}
