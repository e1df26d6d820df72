import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { accuse, startWith } from '../../support/policies.ts'
import { settledIncident } from '../../support/remediator.ts'
import { exitOf, temporaryDirectory, temporaryProcess } from '../../support/temporary.ts'
import { waitFor } from '../../support/wait-for.ts'

const KILL_TREE = { name: 'bombs', match: ['remediate="kill"'], ladder: [{ action: 'kill', tree: true }], verify: ['gone'] }

/** Living processes whose environment carries the mark. */
function marked(mark: string): number[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      const isAlive = !/\) [ZX] /.test(readFileSync(`/proc/${name}/stat`, 'latin1'))
      return isAlive && readFileSync(`/proc/${name}/environ`, 'latin1').includes(mark) ? [Number(name)] : []
    } catch {
      return []
    }
  })
}

test('a fork bomb that starts children faster than they end is frozen from the top down, and nothing of it is left', async () => {
  const mark = `BOMB=${process.pid}-${Date.now()}`
  const program = path.join(temporaryDirectory(), 'bomb.sh')
  // Each generation starts the next and stays; bounded, so that a fault of ours does not take the machine with it.
  writeFileSync(
    program,
    '#!/bin/sh\nif [ "$1" -lt 6 ]; then for i in 1 2 3; do sh "$0" $(($1 + 1)) & done; fi\nwhile :; do sleep 0.05; sh -c "sleep 0.2" & done\n',
  )
  const bomb = await temporaryProcess('sh', [program, '3'], { env: { ...process.env, BOMB: mark.slice(5) } })
  try {
    await waitFor('more than 50 of them', () => marked(mark).length > 50)
    const remediator = await startWith([KILL_TREE])
    await accuse(remediator, bomb.pid, { labels: { group: 'bomb.sh' } })
    expect(await exitOf(bomb)).toBe('SIGKILL')
    expect(await settledIncident(remediator)).toMatchObject({ outcome: 'killed', action: 'kill' })
    expect(marked(mark)).toEqual([])
  } finally {
    for (let round = 0; round < 50 && marked(mark).length > 0; round++) for (const pid of marked(mark)) process.kill(pid, 'SIGKILL')
  }
}, 60_000)

test('what is on the deny list below it is spared', async () => {
  const remediator = await startWith([KILL_TREE], { config: { deny: { groups: ['sleep'] } } })
  const parent = await temporaryProcess('sh', ['-c', 'sleep 600 & wait'], { detached: true })
  try {
    const child = await waitFor('the child', () => {
      const pid = Number(readFileSync(`/proc/${parent.pid}/task/${parent.pid}/children`, 'latin1').trim())
      return pid > 0 && readFileSync(`/proc/${pid}/comm`, 'latin1') === 'sleep\n' && pid
    })
    await accuse(remediator, parent.pid, { labels: { group: 'dash' } })
    expect(await exitOf(parent)).toBe('SIGKILL')
    const incident = await settledIncident(remediator)
    expect(incident.timeline.find((entry) => entry.event === 'signal.sent')?.data['spared']).toEqual([child])
    expect(readFileSync(`/proc/${child}/stat`, 'latin1')).toMatch(/\) S /)
  } finally {
    process.kill(-parent.pid, 'SIGKILL')
  }
})
