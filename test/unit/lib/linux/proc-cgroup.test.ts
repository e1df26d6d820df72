import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseCgroup } from '../../../../src/lib/linux/proc-cgroup.ts'
import { parseOpenFilesMax, parseStatus } from '../../../../src/lib/linux/proc-status.ts'

const ID = '0123456789ab'.padEnd(64, 'c')
const SHORT = '0123456789ab'
const OTHER = 'fedcba987654'.padEnd(64, '0')

test.each([
  ['0::/system.slice/nginx.service\n', { unit: 'nginx.service' }],
  ['0::/system.slice/system-getty.slice/getty@tty1.service\n', { unit: 'getty@tty1.service' }],
  ['0::/user.slice/user-1000.slice/session-3.scope\n', { unit: 'session-3.scope' }],
  ['0::/user.slice/user-1000.slice/user@1000.service/app.slice/app-firefox-42.scope\n', { unit: 'app-firefox-42.scope' }],
  ['0::/init.scope\n', { unit: 'init.scope' }],
  ['0::/\n', {}],
  ['', {}],
  // Version 1: systemd's own hierarchy tells the unit, whatever the controllers' look like.
  ['11:cpu,cpuacct:/other.service\n1:name=systemd:/system.slice/cron.service\n0::/\n', { unit: 'cron.service' }],
  // Docker with the cgroupfs and the systemd driver.
  [`12:pids:/docker/${ID}\n1:name=systemd:/docker/${ID}\n`, { container: SHORT }],
  [`0::/system.slice/docker-${ID}.scope\n`, { container: SHORT, unit: `docker-${ID}.scope` }],
  [`0::/system.slice/docker-${ID}.scope/init.scope\n`, { container: SHORT, unit: 'init.scope' }],
  // containerd, nerdctl, podman with and without root.
  [`0::/default/${ID}\n`, { container: SHORT }],
  [`0::/system.slice/nerdctl-${ID}.scope\n`, { container: SHORT, unit: `nerdctl-${ID}.scope` }],
  [`0::/machine.slice/libpod-${ID}.scope/container\n`, { container: SHORT, unit: `libpod-${ID}.scope` }],
  [`0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${ID}.scope\n`, { container: SHORT, unit: `libpod-${ID}.scope` }],
  // Kubernetes: cgroupfs driver, systemd driver with containerd and with cri-o, and a colon in a folder's name.
  [`4:memory:/kubepods/burstable/pod1f2e/${ID}\n`, { container: SHORT }],
  [
    `0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1f2e.slice/cri-containerd-${ID}.scope\n`,
    { container: SHORT, unit: `cri-containerd-${ID}.scope` },
  ],
  [`0::/kubepods.slice/kubepods-pod1f2e.slice/crio-${ID}.scope\n`, { container: SHORT, unit: `crio-${ID}.scope` }],
  [`0::/system.slice/containerd.service/kubepods-pod1f2e.slice:cri-containerd:${ID}\n`, { container: SHORT, unit: 'containerd.service' }],
  ['0::/lxc.payload.web1/system.slice/ssh.service\n', { container: 'web1', unit: 'ssh.service' }],
  ['0::/lxc/web2\n', { container: 'web2' }],
  // Docker in Docker is the inner one; Docker without a folder of its own, and with version 1 under systemd.
  [`9:perf_event:/docker/${OTHER}/docker/${ID}\n`, { container: SHORT }],
  [
    `2:cpuacct,cpu:/system.slice/docker-${ID}.scope\n1:name=systemd:/system.slice/docker-${ID}.scope\n`,
    { container: SHORT, unit: `docker-${ID}.scope` },
  ],
  // Kubernetes: cgroupfs and systemd drivers, nested below a kubelet's own slice or k3s, seen from another cgroup namespace.
  [`0::/kubepods/besteffort/pod4f2c1a7e-9a55-4bd0-8f1c-0d5d5d1b1c11/${ID}\n`, { container: SHORT }],
  [`0::/kubepods/burstable/pod1f2e/crio-${ID}\n`, { container: SHORT }],
  [
    `0::/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod1f2e.slice/cri-containerd-${ID}.scope\n`,
    { container: SHORT, unit: `cri-containerd-${ID}.scope` },
  ],
  [`5:freezer:/kubepods.slice/kubepods-pod1f2e.slice/docker-${ID}.scope\n`, { container: SHORT, unit: `docker-${ID}.scope` }],
  [`0::/system.slice/k3s.service/kubepods/pod1f2e/${ID}\n`, { container: SHORT, unit: 'k3s.service' }],
  [`0::/../../pod1f2e/${ID}\n`, { container: SHORT }],
  // Podman's cgroupfs driver and pods; Docker without root; Amazon ECS; systemd-nspawn and machined.
  [`0::/libpod_parent/libpod-${ID}\n`, { container: SHORT }],
  [`0::/machine.slice/machine-libpod_pod_${OTHER}.slice/libpod-${ID}.scope\n`, { container: SHORT, unit: `libpod-${ID}.scope` }],
  [
    `0::/user.slice/user-1000.slice/user@1000.service/app.slice/docker.service/docker/${ID}\n`,
    { container: SHORT, unit: 'docker.service' },
  ],
  [`9:perf_event:/ecs/cluster/5a4b9d0e-task/${ID}\n`, { container: SHORT }],
  [`9:perf_event:/ecs/${ID.slice(0, 32)}/${ID.slice(0, 32)}-2531612879\n`, { container: SHORT }],
  ['0::/machine.slice/systemd-nspawn@web3.service/payload\n', { container: 'web3', unit: 'systemd-nspawn@web3.service' }],
  ['0::/machine.slice/machine-web4.scope\n', { container: 'web4', unit: 'machine-web4.scope' }],
  [`0::/system.slice/${'x'.repeat(300)}.service\n`, {}],
])('%j is %j', (text, placement) => {
  expect(parseCgroup(text)).toEqual(placement)
})

test('whatever a cgroup is called, what comes out is short and plain', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (name) => {
      const { unit = '', container = '' } = parseCgroup(`0::/lxc/${name}.service\n`)
      return unit.length <= 270 && container.length <= 64 && /^[\w@:.\\-]*$/.test(unit + container)
    }),
  )
})

test('status: figures below a hostile name; absent for kernel threads', () => {
  const text =
    'Name:\tVmSwap: 9 kB\\nUid:\\t0\nUid:\t1000\t1000\t1000\t1000\nVmSwap:\t    2048 kB\nvoluntary_ctxt_switches:\t150\nnonvoluntary_ctxt_switches:\t7\n'
  expect(parseStatus(Buffer.from(text))).toEqual({ uid: 1000, swapBytes: 2_097_152, voluntarySwitches: 150, involuntarySwitches: 7 })
  expect(parseStatus(Buffer.from('Name:\tkthreadd\nUid:\t0\t0\t0\t0\n'))).toMatchObject({ uid: 0, swapBytes: undefined })
})

test('limits: a number, none, unreadable', () => {
  expect(
    parseOpenFilesMax(Buffer.from('Max cpu time   unlimited\nMax open files            1024                 524288               files\n')),
  ).toBe(1024)
  expect(parseOpenFilesMax(Buffer.from('Max open files            unlimited            unlimited            files\n'))).toBe(Infinity)
  expect(parseOpenFilesMax(Buffer.from('Max cpu time   unlimited\n'))).toBeUndefined()
})
