import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { alarm } from '../../support/policies.ts'
import { settledIncident, startRemediator } from '../../support/remediator.ts'
import { temporaryProcess } from '../../support/temporary.ts'
import { waitFor } from '../../support/wait-for.ts'

/** A parent that collects its dead children only when it is reminded, or never. */
async function startParent(onSignal: string) {
  const program = `
import os, signal, sys, time
${onSignal}
for _ in range(3):
    if os.fork() == 0: os._exit(0)
print('ready', flush=True)
while True: time.sleep(1)
`
  const parent = await temporaryProcess('python3', ['-c', program], { stdio: ['ignore', 'pipe', 'ignore'] })
  await new Promise((resolve) => parent.stdout?.once('data', resolve))
  await waitFor('three zombies', () => zombies(parent.pid).length === 3)
  return parent
}

function zombies(parent: number): string[] {
  return readFileSync(`/proc/${parent}/task/${parent}/children`, 'latin1')
    .trim()
    .split(' ')
    .filter((pid) => pid !== '' && / Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1')))
}

const ZOMBIES = { labels: { alertname: 'ZombieProcesses', severity: 'warning', remediate: 'notify', kind: 'limit' } }

test('a parent that is reminded collects its dead children', async () => {
  // The signals of the children's own ends come before the handler is there, as in a program that lost them.
  const parent = await startParent(`
def later():
    def collect(*_):
        while True:
            try:
                if os.waitpid(-1, os.WNOHANG)[0] == 0: break
            except ChildProcessError: break
    signal.signal(signal.SIGCHLD, collect)
import threading
sys.setswitchinterval(0.001)
_print = print
def print(*args, **kwargs):
    time.sleep(0.3)
    later()
    _print(*args, **kwargs)
`)
  const remediator = await startRemediator()
  await alarm(remediator, { labels: { ...ZOMBIES.labels, group: 'python3' } })
  const incident = await settledIncident(remediator)
  expect(incident).toMatchObject({ action: 'reap', outcome: 'reaped', target: { kind: 'process', pid: parent.pid } })
  expect(zombies(parent.pid)).toEqual([])
  expect(parent.exitCode).toBeNull()
})
