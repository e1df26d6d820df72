import { describe, expect, test } from 'vitest'
import { countStates, parseKernelCounts, parseSocketCount } from '../../../../src/exporter/sources/host-connections.ts'
import { selectMounts } from '../../../../src/exporter/sources/host-filesystems.ts'
import { isUp } from '../../../../src/exporter/sources/host-network.ts'
import {
  parseCpuInfoClocks,
  parseDiskStats,
  parseKernelStat,
  parseLoadAverages,
  parseMemoryInfo,
  parseNetworkDevices,
  parsePressure,
} from '../../../../src/exporter/sources/host-parsers.ts'
import { chipLabel, sensorLabels } from '../../../../src/exporter/sources/host-sensors.ts'

describe('the files of /proc about the machine', () => {
  test('stat: an old kernel with fewer modes leaves the others out', () => {
    const { cores, forks, bootTimeSeconds } = parseKernelStat('cpu 1 2 3 4\ncpu0 100 0 50 850\nprocesses 7\n', 100)
    expect(cores).toEqual([{ cpu: '0', seconds: { user: 1, nice: 0, system: 0.5, idle: 8.5 } }])
    expect([forks, bootTimeSeconds]).toEqual([7, undefined])
  })

  test('loadavg: anything else is nothing', () => {
    expect(parseLoadAverages('0.10 2 3.5 1/2 3')).toEqual({ load1: 0.1, load5: 2, load15: 3.5 })
    for (const text of ['', 'a b c', '1 2']) expect(parseLoadAverages(text)).toBeUndefined()
  })

  test('pressure in seconds; the old kernel without `full` has none', () => {
    expect(parsePressure('some avg10=0.00 avg60=0.00 avg300=0.00 total=2500000\n')).toEqual({
      waitingSeconds: 2.5,
      stalledSeconds: undefined,
    })
    expect(parsePressure('')).toEqual({ waitingSeconds: undefined, stalledSeconds: undefined })
  })

  test('meminfo in bytes, without what is no size', () => {
    expect([...parseMemoryInfo('MemTotal:  2 kB\nActive(anon):  1 kB\nHugePages_Total:   5\n')]).toEqual([
      ['MemTotal', 2048],
      ['Active(anon)', 1024],
    ])
  })

  test('diskstats: sectors are 512 bytes, and a line that is cut is left out', () => {
    expect(parseDiskStats(' 8 0 sda 1 0 2 0 3 0 4 0 0 1500 0\n 8 1 sdb 1 2\n')).toEqual([
      { device: 'sda', reads: 1, readBytes: 1024, writes: 3, writtenBytes: 2048, busySeconds: 1.5 },
    ])
  })

  test('net/dev: an alias has a colon in its name', () => {
    const [alias] = parseNetworkDevices('eth0:1: 7 1 0 0 0 0 0 0 8 2 0 3 0 0 0 0\n face |bytes\nbroken: 1 2\n')
    expect(alias).toEqual({
      device: 'eth0:1',
      received: { bytes: 7, packets: 1, errors: 0, drops: 0 },
      transmitted: { bytes: 8, packets: 2, errors: 0, drops: 3 },
    })
  })

  test('cpuinfo of arm tells no clocks', () => {
    expect(parseCpuInfoClocks('processor\t: 0\nBogoMIPS\t: 50.00\n').size).toBe(0)
    expect([...parseCpuInfoClocks('processor\t: 3\ncpu MHz\t\t: 800.25\n')]).toEqual([['3', 800_250_000]])
  })
})

describe('TCP connections', () => {
  test('a line cut between two reads counts once', () => {
    const table = '   0: 0100007F:933F 00000000:0000 0A 00000000:0\n12345: 0100007F:933F 0100007F:0001 01 00000000:0\n'
    for (let cut = 0; cut <= table.length; cut++) {
      const counts = new Map<string, number>()
      const rest = countStates(countStates('', table.slice(0, cut), counts), table.slice(cut), counts)
      expect([rest, Object.fromEntries(counts)]).toEqual(['', { listen: 1, established: 1 }])
    }
  })

  test('what the kernel counts itself', () => {
    expect(parseSocketCount('TCP: inuse 5 orphan 0 tw 30 alloc 1 mem 0\n', 'TCP6: inuse 2\n')).toBe(37)
    expect(parseSocketCount('', '')).toBeUndefined()
    const counts = parseKernelCounts('TCP: inuse 5 orphan 0 tw 30 alloc 1 mem 0\n', 'Tcp: A CurrEstab B\nTcp: 1 99 3\n')
    expect([...(counts ?? [])]).toEqual([
      ['established', 99],
      ['time_wait', 30],
    ])
    expect(parseKernelCounts('', '')).toBeUndefined()
  })
})

describe('mounts', () => {
  const mountinfo = [
    '27 1 254:0 / / rw,relatime - ext4 /dev/vda rw',
    '28 27 254:0 /a /bound rw - ext4 /dev/vda rw',
    '29 27 254:1 / /with\\040blank ro,nosuid master:2 - xfs /dev/vdb rw',
    '30 27 0:40 / /nfs rw - nfs4 server:/export rw',
    '31 27 0:41 / /var/lib/docker/x rw - overlay overlay rw',
    '32 27 0:42 / /mnt/sshfs rw - fuse.sshfs me@host: rw',
    '33 27 0:43 / /run/user/1000 rw - tmpfs tmpfs rw',
    '34 27 254:3 / /over rw - ext4 /dev/below rw',
    '35 27 254:4 / /over rw - ext4 /dev/above ro',
    '',
  ].join('\n')

  test('one for each file system, what hides another, and nothing on the network', () => {
    expect(selectMounts(mountinfo, false)).toEqual([
      { device: '/dev/vda', mountpoint: '/', fstype: 'ext4', isReadonly: false },
      { device: '/dev/vdb', mountpoint: '/with blank', fstype: 'xfs', isReadonly: true },
      { device: '/dev/above', mountpoint: '/over', fstype: 'ext4', isReadonly: true },
    ])
  })

  test('those on the network when asked for', () => {
    expect(selectMounts(mountinfo, true).map(({ mountpoint }) => mountpoint)).toEqual(['/', '/with blank', '/nfs', '/mnt/sshfs', '/over'])
  })

  test('the overlay that a container has as its root counts', () => {
    expect(selectMounts('1 0 0:9 / / rw - overlay overlay rw\n', false)).toHaveLength(1)
  })
})

test('labels of sensors are unique within their chip, and those of chips steady', () => {
  expect(
    sensorLabels([
      { input: 'temp1', label: 'Core 0' },
      { input: 'temp2', label: 'Core 0' },
      { input: 'temp3', label: 'Tctl' },
      { input: 'temp4', label: undefined },
    ]),
  ).toEqual(['Core 0 (temp1)', 'Core 0 (temp2)', 'Tctl', 'temp4'])
  expect([chipLabel('coretemp', 'coretemp.0'), chipLabel('k10temp', '0000:00:18.3'), chipLabel('acpitz', undefined)]).toEqual([
    'coretemp.0',
    'k10temp_0000:00:18.3',
    'acpitz',
  ])
})

test('an interface without a state of its own is up when it has a carrier', () => {
  expect([isUp('up', () => undefined), isUp('down', () => '1'), isUp('unknown', () => '1'), isUp('unknown', () => undefined)]).toEqual([
    true,
    false,
    true,
    false,
  ])
  expect(isUp(undefined, () => '1')).toBeUndefined()
})
