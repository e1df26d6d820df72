import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { openStore } from '../../../src/remediator/open-store.ts'
import { acceptDelivery } from '../../../src/remediator/store/inbox/accept-delivery.ts'
import { inboxLength } from '../../../src/remediator/store/inbox/inbox-length.ts'
import { Database, databasePath } from '../../../src/remediator/store/database.ts'
import { firstSchema } from '../../../src/remediator/store/migrations/001-first-schema.ts'
import { lastAuditEntry } from '../../../src/remediator/store/audit/last-audit-entry.ts'
import { openIntentOf } from '../../../src/remediator/store/intents/open-intent-of.ts'
import { keptLog } from '../../support/log.ts'
import { afterTest, temporaryDirectory } from '../../support/temporary.ts'

const ALERT = {
  fingerprint: 'a',
  status: 'firing',
  labels: { alertname: 'A', pad: 'x'.repeat(2_000) },
  annotations: {},
  startsAt: '',
} as const

/** A store with something in every page that matters, closed. */
function filledStore(): string {
  const stateDir = temporaryDirectory()
  const { database, journal } = openStore(stateDir, systemClock(), keptLog())
  for (let count = 0; count < 50; count++) journal.record('noted', null, `entry ${count}`)
  acceptDelivery(
    database,
    Array.from({ length: 50 }, () => ALERT),
    '2026-01-01T00:00:00.000Z',
  )
  journal.close()
  database.close()
  return stateDir
}

function open(stateDir: string) {
  const log = keptLog()
  const store = openStore(stateDir, systemClock(), log)
  afterTest(() => store.database.close())
  return { ...store, log }
}

function overwrite(file: string, at: number, bytes: Buffer): void {
  const descriptor = openSync(file, 'r+')
  writeSync(descriptor, bytes, 0, bytes.length, at)
  closeSync(descriptor)
}

describe('a corrupt store', () => {
  test.each([
    ['whose header is garbage', (file: string) => overwrite(file, 0, Buffer.alloc(100, 7))],
    ['whose pages are garbage', (file: string) => overwrite(file, 4_096, Buffer.alloc(statSync(file).size - 4_096, 7))],
    ['with one damaged page', (file: string) => overwrite(file, statSync(file).size - 3_000, Buffer.alloc(2_000, 7))],
    ['that is cut short', (file: string) => writeFileSync(file, readFileSync(file).subarray(0, 20_000))],
    ['that is a text', (file: string) => writeFileSync(file, 'this is no database\n'.repeat(1_000))],
  ])('%s is set aside; the trail survives and a fresh store works', (_what, damage) => {
    const stateDir = filledStore()
    const file = databasePath(stateDir)
    damage(file)
    const { database, journal, auditIsIntact, wasSetAside, log } = open(stateDir)
    expect(wasSetAside).toBe(true)
    expect(readdirSync(path.dirname(file)).filter((name) => name.includes('.corrupt-')).length).toBeGreaterThan(0)
    expect(log.lines).toContainEqual({
      level: 'error',
      message: expect.stringMatching(/corrupt.*set aside.* 50 entries/),
    })
    expect(auditIsIntact).toBe(true)
    acceptDelivery(database, [ALERT], '')
    expect(inboxLength(database)).toBe(1)
    journal.close()
    expect(existsSync(file)).toBe(true)
  })

  test('a store that is whole stays', () => {
    const { wasSetAside, database, isReplaced } = open(filledStore())
    expect(wasSetAside).toBe(false)
    expect(inboxLength(database)).toBe(50)
    expect(isReplaced()).toBe(false)
  })

  test('whoever has the old one open sees that it was replaced', () => {
    const stateDir = filledStore()
    const { isReplaced } = open(stateDir)
    overwrite(databasePath(stateDir), 0, Buffer.alloc(100, 7))
    open(stateDir)
    expect(isReplaced()).toBe(true)
  })

  test.each([
    ['removed', (file: string) => rmSync(file)],
    ['emptied', (file: string) => writeFileSync(file, '')],
  ])('a store that was %s takes its trail back from the mirror, loudly', (_what, damage) => {
    const stateDir = filledStore()
    damage(databasePath(stateDir))
    const { log, auditIsIntact, journal, database } = open(stateDir)
    expect(auditIsIntact).toBe(true)
    expect(log.lines).toContainEqual({ level: 'error', message: expect.stringContaining('somebody removed the store. 50 entries') })
    journal.close()
    expect(lastAuditEntry(database)).toMatchObject({ seq: 51, event: 'store.lost' })
  })
})

describe('a store of the first release', () => {
  test('is migrated, and an intent that was open stays open for its process', () => {
    const file = `${temporaryDirectory()}/procwarden.db`
    const old = new DatabaseSync(file)
    old.exec(`${firstSchema}; PRAGMA user_version = 1;
      INSERT INTO incidents VALUES ('i', 'f', 1, 'queued', '', '', NULL, NULL, 1, '{}');
      INSERT INTO intents (incident, action, cooldown_key, pid, start_ticks, boot_id, boot_ms, at) VALUES ('i', 'kill', 'k', 7, 9, 'b', 1, '')`)
    old.close()
    const database = Database.open(file)
    afterTest(() => database.close())
    expect(openIntentOf(database, 'i')).toMatchObject({ targetKey: 'process:7:9', pid: 7, startTicks: 9, policy: '', attempt: 1, step: 0 })
  })

  test('one of a newer release is refused', () => {
    const file = `${temporaryDirectory()}/procwarden.db`
    const newer = new DatabaseSync(file)
    newer.exec('PRAGMA user_version = 999')
    newer.close()
    expect(() => Database.openOrSetAside(file, 0)).toThrow('newer procwarden')
  })
})
