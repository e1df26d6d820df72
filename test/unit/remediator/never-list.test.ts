import { describe, expect, test } from 'vitest'
import type { ProcessIdentity } from '../../../src/lib/linux/proc-process.ts'
import { createNeverList } from '../../../src/remediator/suspects/never-list.ts'

const PARENTS = new Map([
  [10, 1],
  [20, 10], // the supervisor
  [30, 20], // the remediator
  [31, 20], // Prometheus below the same supervisor
  [32, 31],
  [40, 10],
])
const neverList = createNeverList({
  ownPid: 30,
  ownTrees: [20],
  ownProgram: '/opt/procwarden/main.ts',
  own: { unit: 'warden.service', container: '0123456789ab' },
  parentOf: (pid) => PARENTS.get(pid),
})

function identity(pid: number, more: Partial<ProcessIdentity> = {}): ProcessIdentity {
  return {
    pid,
    startTicks: 1,
    startTimeMs: 0,
    ppid: 10,
    comm: 'job',
    state: 'S',
    isKernelThread: false,
    exe: '/usr/bin/job',
    cmdline: ['job'],
    ...more,
  }
}

describe('the never-list', () => {
  test.each([
    ['pid 1', identity(1)],
    ['a kernel thread', identity(40, { isKernelThread: true })],
    ['kthreadd', identity(2)],
    ['the remediator itself', identity(30)],
    ['its supervisor', identity(20)],
    ['an ancestor of its supervisor', identity(10)],
    ['a sibling below the supervisor', identity(31)],
    ['a child of a sibling', identity(32)],
    ['a part that runs elsewhere', identity(40, { cmdline: ['node', '/opt/procwarden/main.ts', 'exporter'] })],
    ['sshd by its executable', identity(40, { exe: '/usr/sbin/sshd', comm: 'x' })],
    ['sshd by its name alone', identity(40, { exe: '/tmp/x', comm: 'sshd' })],
    ['a daemon of systemd', identity(40, { exe: '/lib/systemd/systemd-journald' })],
    ['a name that the kernel has cut', identity(40, { exe: '/x', comm: 'prometheus-aler' })],
    ['dbus', identity(40, { exe: '/usr/bin/dbus-daemon' })],
  ])('holds %s', (_what, process) => {
    expect(neverList.reasonAgainst(process)).toEqual(expect.any(String))
  })

  test('does not hold an ordinary program', () => {
    expect(neverList.reasonAgainst(identity(40))).toBeUndefined()
  })

  test('ends on a process table that goes round in circles', () => {
    const circular = createNeverList({ ownPid: 30, ownTrees: [], ownProgram: 'x', own: {}, parentOf: (pid) => (pid === 5 ? 6 : 5) })
    expect(circular.reasonAgainst(identity(40))).toBeUndefined()
  })
})
