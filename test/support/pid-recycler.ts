/**
 * Owns forcing pid recycling, run as a program in a pid namespace with a small pid_max: an accused process is remembered, ends,
 * and an innocent one takes its pid; then the kill action is run on the remembered target. Prints what happened as JSON.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { systemClock } from '../../src/lib/clock.ts'
import { loadLibc } from '../../src/lib/linux/libc.ts'
import { createPidfds } from '../../src/lib/linux/pidfd.ts'
import { createProcfs, readStat } from '../../src/lib/linux/proc-process.ts'
import { createHolder } from '../../src/remediator/actions/held-processes.ts'
import { createKill } from '../../src/remediator/actions/kill.ts'
import type { ActionRequest } from '../../src/remediator/actions/action.ts'
import { PolicyList } from '../../src/remediator/policies/policy.ts'

const wanted = Number(process.argv[2])
const clock = systemClock()
const procfs = createProcfs(clock)
const holder = createHolder(() => createPidfds(loadLibc()), procfs)
const kill = createKill({ holder, procfs, mayTouch: () => true, sleep: (ms) => clock.sleep(ms), wasSignalled: () => false })
const [policy] = PolicyList.parse([{ name: 'kill', match: ['a=b'], action: 'kill', grace_seconds: 1 }])
const step = policy?.ladder[0]
if (!policy || !step) throw new Error('the policy has one step')

const result = { recycled: 0, hit: 0, refused: 0, killedAccused: 0 }
while (result.recycled < wanted) {
  const accused = start()
  const pid = accused.pid ?? 0
  const startTicks = readStat(pid, procfs)?.startTicks ?? 0
  await end(accused)
  const innocent = await takeOver(pid, startTicks)
  const { outcome } = await kill.run(requestFor(pid, startTicks), AbortSignal.timeout(10_000))
  result.recycled += 1
  if (outcome === 'target_gone') result.refused += 1
  // A signal that was sent shows when the process is asked to end by itself: it would end by the signal instead.
  if (innocent.signalCode !== null || innocent.exitCode !== null) result.hit += 1
  innocent.stdin?.end()
  const [code, signal] =
    innocent.exitCode === null && innocent.signalCode === null ? await once(innocent, 'exit') : [innocent.exitCode, innocent.signalCode]
  if (code !== 0 || signal !== null) result.hit += 1
}
// The same call on the accused itself does hit.
const accused = start()
const started = readStat(accused.pid ?? 0, procfs)?.startTicks ?? 0
const { outcome } = await kill.run(requestFor(accused.pid ?? 0, started), AbortSignal.timeout(10_000))
if (outcome === 'killed') result.killedAccused += 1
process.stdout.write(JSON.stringify(result))

/** `cat` ends with code 0 when its input does. */
function start(): ChildProcess {
  return spawn('cat', [], { stdio: ['pipe', 'ignore', 'ignore'] })
}

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  await once(child, 'exit')
}

/** Starts processes until one has the pid, and differs in its start; the others are ended. */
async function takeOver(pid: number, startTicks: number): Promise<ChildProcess> {
  for (;;) {
    // The whole round through all pids would take minutes: the namespace is told which one was the last (proc_sys_kernel(5)).
    writeFileSync('/proc/sys/kernel/ns_last_pid', String(pid - 1))
    const child = start()
    if (child.pid === pid && readStat(pid, procfs)?.startTicks !== startTicks) return child
    await end(child)
  }
}

function requestFor(pid: number, startTicks: number): ActionRequest {
  if (!policy || !step) throw new Error('the policy has one step')
  const target = {
    kind: 'process',
    group: 'cat',
    pid,
    startTicks,
    startTime: '',
    program: 'cat',
    evidence: '',
    confidence: 'high',
  } as const
  const begunAt = { wallMs: clock.nowMs(), boot: clock.boot() }
  const incident = { id: 'i', labels: {}, startedAt: '' } as ActionRequest['incident']
  return { incident, policy, step, target, attempt: 1, begunAt, note: () => undefined }
}
