import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { mirrorPath } from '../../../src/remediator/audit/mirror.ts'
import { verifyAudit } from '../../../src/remediator/audit/verify.ts'
import { Database, databasePath } from '../../../src/remediator/store/database.ts'
import { alertOf, incidentsOf, payloadOf, post, spawnRemediator } from '../../support/remediator.ts'
import { exitOf, temporaryDirectory, temporaryProcess } from '../../support/temporary.ts'
import { waitFor } from '../../support/wait-for.ts'

const isLeading = async (url: string): Promise<boolean> =>
  /^procwarden_remediation_leader 1$/m.test(await (await fetch(`${url}/metrics`)).text())

/** After the accused was started, on clocks of different resolution. */
const soon = (): Date => new Date(Date.now() + 1_000)

function accuse(to: { url: string; token: string }, pid: number): Promise<Response> {
  return post(
    to.url,
    to.token,
    payloadOf([alertOf({ labels: { group: 'sleep', pid: String(pid) }, fingerprint: `f${pid.toString(16)}`, startsAt: soon() })]),
  )
}

describe('two remediators on one store', () => {
  test('one works, whoever is told; the record is one and whole', async () => {
    const stateDir = temporaryDirectory()
    const one = await spawnRemediator(stateDir)
    const other = await spawnRemediator(stateDir)
    expect([await isLeading(one.url), await isLeading(other.url)]).toEqual([true, false])
    const accused = await Promise.all(Array.from({ length: 4 }, () => temporaryProcess('sleep', ['600'])))
    for (const [index, { pid }] of accused.entries()) {
      // Both are told of each, as two Alertmanagers would.
      expect((await accuse(index % 2 === 0 ? one : other, pid)).status).toBe(200)
      expect((await accuse(index % 2 === 0 ? other : one, pid)).status).toBe(200)
    }
    for (const child of accused) expect(await exitOf(child)).toBe('SIGTERM')
    const incidents = await waitFor('four kills on record', async () => {
      const all = await incidentsOf(other)
      return all.filter(({ outcome }) => outcome === 'killed').length === 4 && all
    })
    // The second word about one may come when it is dead already, and is an incident that finds nobody.
    expect(incidents.flatMap(({ timeline }) => timeline.filter(({ event }) => event === 'signal.sent'))).toHaveLength(4)
    for (const { child } of [one, other]) {
      child.kill('SIGTERM')
      expect(await exitOf(child)).toBe(0)
    }
    const database = Database.openForReading(databasePath(stateDir))
    expect(verifyAudit(database, mirrorPath(stateDir))).toMatchObject({ intact: true })
    database.close()
    const lines = readFileSync(mirrorPath(stateDir), 'utf8').trim().split('\n')
    expect(lines.map((line) => (JSON.parse(line) as { seq: number }).seq)).toEqual(lines.map((_line, index) => index + 1))
  }, 60_000)

  test('when the one that works is killed, the other finishes what it had begun', async () => {
    const stateDir = temporaryDirectory()
    const one = await spawnRemediator(stateDir)
    const other = await spawnRemediator(stateDir)
    const accused = await temporaryProcess('sleep', ['600'])
    one.child.kill('SIGKILL')
    await exitOf(one.child)
    expect((await accuse(other, accused.pid)).status).toBe(200)
    expect(await exitOf(accused)).toBe('SIGTERM')
    expect(await isLeading(other.url)).toBe(true)
  }, 60_000)

  test('one that hangs loses its turn, and does not act when it comes to again', async () => {
    const stateDir = temporaryDirectory()
    const one = await spawnRemediator(stateDir)
    const other = await spawnRemediator(stateDir)
    one.child.kill('SIGSTOP')
    await waitFor('the other to take over', () => isLeading(other.url), 30_000)
    const accused = await temporaryProcess('sleep', ['600'])
    await accuse(other, accused.pid)
    expect(await exitOf(accused)).toBe('SIGTERM')
    one.child.kill('SIGCONT')
    await waitFor('the first to notice', async () => !(await isLeading(one.url)), 15_000)
    expect(one.output()).toContain('taken over')
    const incidents = await incidentsOf(other)
    expect(incidents).toHaveLength(1)
    expect(incidents[0]?.timeline.filter(({ event }) => event === 'signal.sent')).toHaveLength(1)
  }, 90_000)
})
