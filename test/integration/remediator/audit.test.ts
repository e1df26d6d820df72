import { execFile, spawnSync } from 'node:child_process'
import { appendFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { DatabaseSync } from 'node:sqlite'
import { beforeEach, describe, expect, test } from 'vitest'
import { mirrorPath } from '../../../src/remediator/audit/mirror.ts'
import { databasePath } from '../../../src/remediator/store/database.ts'
import { alertOf, payloadOf, post, settledIncident, startRemediator } from '../../support/remediator.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

const CLI = path.resolve(import.meta.dirname, '../../../src/cli/main.ts')

function verify(stateDir: string) {
  const run = spawnSync(process.execPath, [CLI, 'audit', 'verify', '--state.dir', stateDir], { encoding: 'utf8' })
  return { code: run.status, text: run.stdout + run.stderr }
}

/** A state folder in which one alert was handled. */
async function handledAlert(): Promise<string> {
  const remediator = await startRemediator({ stateDir: temporaryDirectory() })
  await post(remediator.url, remediator.token, payloadOf([alertOf({ labels: { remediate: 'notify' } })]))
  await settledIncident(remediator)
  await remediator.close()
  return remediator.stateDir
}

describe('procwarden audit verify', () => {
  let stateDir: string
  beforeEach(async () => {
    stateDir = await handledAlert()
  })

  const rows = (sql: string): void => {
    const database = new DatabaseSync(databasePath(stateDir))
    database.exec('DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete')
    database.exec(sql)
    database.close()
  }

  test('an untouched trail is intact, also while it grows', async () => {
    expect(verify(stateDir)).toMatchObject({ code: 0, text: expect.stringContaining('intact') })
    await startRemediator({ stateDir })
    expect(verify(stateDir).code).toBe(0)
  })

  test('a trail that is being written to is intact', async () => {
    const remediator = await startRemediator({ stateDir })
    const posts = Array.from({ length: 40 }, (_, index) =>
      post(remediator.url, remediator.token, payloadOf([alertOf({ labels: { remediate: 'notify' }, fingerprint: `b${index}` })])),
    )
    const verifying = promisify(execFile)(process.execPath, [CLI, 'audit', 'verify', '--state.dir', stateDir])
    await Promise.all(posts)
    expect((await verifying).stdout).toContain('intact')
  })

  test.each([
    ['a changed row', "UPDATE audit SET text = 'nothing happened' WHERE seq = 2", 'entry 2 in the store'],
    ['changed data', "UPDATE audit SET data = '{}' WHERE seq = 2", 'entry 2 in the store'],
    ['a removed row', 'DELETE FROM audit WHERE seq = 2', 'entry 2 in the store'],
    ['a removed last row', 'DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)', 'missing from the store'],
  ])('%s is found', (_what, sql, expected) => {
    rows(sql)
    expect(verify(stateDir)).toMatchObject({ code: 1, text: expect.stringContaining(expected) })
  })

  test('the store itself refuses to change or remove an entry', () => {
    const database = new DatabaseSync(databasePath(stateDir))
    expect(() => database.exec("UPDATE audit SET text = 'x'")).toThrow('append-only')
    expect(() => database.exec('DELETE FROM audit')).toThrow('append-only')
    database.close()
  })

  test('a changed, shortened or vanished mirror is found', () => {
    const file = mirrorPath(stateDir)
    const original = readFileSync(file, 'utf8')
    writeFileSync(file, original.replace('notice', 'nothing').replace('fires', 'sleeps'))
    expect(verify(stateDir)).toMatchObject({ code: 1, text: expect.stringContaining('in its NDJSON mirror') })
    writeFileSync(file, original.split('\n').slice(0, -2).join('\n') + '\n')
    expect(verify(stateDir)).toMatchObject({ code: 1, text: expect.stringContaining('missing from the mirror') })
    writeFileSync(file, original.replace('\n', '\nnot an entry\n'))
    expect(verify(stateDir)).toMatchObject({ code: 1, text: expect.stringContaining('not an audit entry') })
    rmSync(file)
    expect(verify(stateDir).code).toBe(1)
  })

  test('a mirror that a crash left behind or torn is completed at the next start', async () => {
    const file = mirrorPath(stateDir)
    truncateSync(file, readFileSync(file).lastIndexOf(0x0a, -2) - 20)
    const remediator = await startRemediator({ stateDir })
    await remediator.close()
    expect(verify(stateDir)).toMatchObject({ code: 0 })
  })

  test('a start does not hide a mirror that was tampered with', async () => {
    appendFileSync(mirrorPath(stateDir), 'forged\n')
    const remediator = await startRemediator({ stateDir })
    expect(await (await fetch(`${remediator.url}/metrics`)).text()).toMatch(/^procwarden_audit_intact 0$/m)
    await remediator.close()
    expect(verify(stateDir).code).toBe(1)
  })

  test('a folder without data is said so', () => {
    expect(verify(temporaryDirectory())).toMatchObject({ code: 1, text: expect.stringContaining('there is no procwarden data') })
  })
})
