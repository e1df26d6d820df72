import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { accuse, startWith } from '../../support/policies.ts'
import { settledIncident } from '../../support/remediator.ts'
import { temporaryProcess } from '../../support/temporary.ts'

const CLI = path.resolve(import.meta.dirname, '../../../src/cli/main.ts')
const FREEZE = { name: 'hold', match: ['remediate="kill"'], ladder: ['freeze'], verify: [{ kind: 'check', command: ['true'] }] }
const stateOf = (pid: number): string =>
  readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /s, '')
    .slice(0, 1)

function rollback(...args: readonly string[]) {
  const run = spawnSync(process.execPath, [CLI, 'rollback', ...args], { encoding: 'utf8', timeout: 30_000 })
  return { code: run.status, stdout: run.stdout, stderr: run.stderr }
}

test('procwarden rollback undoes it with no remediator running, says what it did, and has nothing to do the second time', async () => {
  const remediator = await startWith([FREEZE])
  const accused = await temporaryProcess('sleep', ['600'])
  await accuse(remediator, accused.pid)
  const { id } = await settledIncident(remediator)
  await remediator.close()
  expect(stateOf(accused.pid)).toBe('T')
  const first = rollback(id, '--state.dir', remediator.stateDir)
  expect(first).toMatchObject({ code: 0, stdout: `done    sleep (pid ${accused.pid}) runs again.\n` })
  expect(stateOf(accused.pid)).toBe('S')
  expect(rollback(id, '--state.dir', remediator.stateDir).stdout).toBe('There was nothing to undo.\n')
  expect(JSON.parse(rollback(id, '--json', '--state.dir', remediator.stateDir).stdout)).toEqual({
    incident: id,
    done: [],
    failed: [],
    cannot: [],
  })
}, 60_000)

test('what a person got wrong is one clear sentence', async () => {
  const remediator = await startWith([FREEZE])
  await remediator.close()
  const unknown = rollback('no-such-incident', '--state.dir', remediator.stateDir)
  expect(unknown).toMatchObject({ code: 1, stdout: '' })
  expect(unknown.stderr).toMatch(/^procwarden: there is no incident no-such-incident in .*\n$/)
  expect(rollback('x', '--state.dir', '/nowhere/at/all').code).toBe(1)
}, 60_000)
