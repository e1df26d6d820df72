/** Pids that are taken over by innocent programs between the alert and the signal: none of them may be hit. */
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { expect, test } from 'vitest'

const HARNESS = path.resolve(import.meta.dirname, '../../support/pid-recycler.ts')
const PID_MAX = '400'
const RECYCLES = 1_000

/** Without the privilege for a pid namespace of one's own, or a kernel whose pid_max is the whole machine's, there is nothing to try. */
const canUnshare =
  spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'sh', '-c', `echo ${PID_MAX} > /proc/sys/kernel/pid_max`]).status === 0 &&
  spawnSync('sh', ['-c', `test "$(cat /proc/sys/kernel/pid_max)" != ${PID_MAX}`]).status === 0

test.runIf(canUnshare)(
  `${RECYCLES} recycled pids: no innocent process is hit`,
  () => {
    const run = spawnSync(
      'unshare',
      [
        '--pid',
        '--fork',
        '--mount-proc',
        'sh',
        '-c',
        `echo ${PID_MAX} > /proc/sys/kernel/pid_max && exec "$0" "$@"`,
        process.execPath,
        HARNESS,
        String(RECYCLES),
      ],
      { encoding: 'utf8', timeout: 170_000 },
    )
    expect(run.stderr).toBe('')
    const result = JSON.parse(run.stdout) as { recycled: number; hit: number; refused: number; killedAccused: number }
    expect(result).toEqual({ recycled: RECYCLES, hit: 0, refused: RECYCLES, killedAccused: 1 })
  },
  180_000,
)
