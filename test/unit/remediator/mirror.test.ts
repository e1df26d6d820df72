import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { Journal } from '../../../src/remediator/audit/journal.ts'
import { dropTornLine, mirrorEnd, readMirror } from '../../../src/remediator/audit/mirror.ts'
import { restoreAudit } from '../../../src/remediator/audit/restore.ts'
import { settledVerdict, verifyAudit } from '../../../src/remediator/audit/verify.ts'
import { Database } from '../../../src/remediator/store/database.ts'
import { FakeClock } from '../../support/clock.ts'
import { keptLog } from '../../support/log.ts'
import { afterTest, temporaryDirectory } from '../../support/temporary.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = temporaryDirectory()
  file = path.join(folder, 'audit.ndjson')
})

function open(name = 'store.db') {
  const database = Database.open(path.join(folder, name))
  afterTest(() => database.close())
  const log = keptLog()
  const journal = new Journal(database, file, new FakeClock(), log)
  return { database, journal, log }
}

/** So long that a line is longer than what is read at a time. */
const LONG = 'x'.repeat(300_000)

describe('the mirror', () => {
  test('is read line by line, however long the lines are', () => {
    const { database, journal } = open()
    for (const text of ['short', LONG, 'umlaut ü', LONG, 'last']) journal.record('noted', null, text)
    journal.close()
    expect([...readMirror(file)].map(({ line, entry }) => [line, entry?.text.length])).toEqual([
      [1, 5],
      [2, 300_000],
      [3, 8],
      [4, 300_000],
      [5, 4],
    ])
    expect(mirrorEnd(file)).toMatchObject({ lastSeq: 5, isTorn: false })
    expect(verifyAudit(database, file)).toMatchObject({ intact: true, length: 5, mirrored: 5 })
  })

  test('texts that no encoding can hold do not break the chain', () => {
    const { database, journal } = open()
    for (const text of ['half \ud800 a pair', 'nothing \u0000 here', 'a line\nand another'])
      journal.record('noted', null, text, JSON.parse(`{"half \\ud800": ${JSON.stringify(text)}, "__proto__": {"a": 1}, "2": 1, "1": 2}`))
    journal.close()
    expect(verifyAudit(database, file)).toMatchObject({ intact: true, length: 3, mirrored: 3 })
  })

  test('a look into the middle of a line that is being written is no verdict: it is looked at again', async () => {
    const { database, journal } = open()
    for (const text of ['first', 'last']) journal.record('noted', null, text)
    journal.close()
    const whole = readFileSync(file)
    truncateSync(file, whole.length - 10)
    const looks: boolean[] = []
    const verdict = await settledVerdict(() => {
      const seen = verifyAudit(database, file)
      looks.push(seen.intact)
      appendFileSync(file, whole.subarray(-10))
      return seen
    })
    expect(looks).toEqual([false, true])
    expect(verdict).toMatchObject({ intact: true, length: 2, mirrored: 2 })
  })

  test('a mirror that stays broken is told so', async () => {
    const { database, journal } = open()
    journal.record('noted', null, 'first')
    journal.close()
    truncateSync(file, readFileSync(file).length - 10)
    expect(await settledVerdict(() => verifyAudit(database, file))).toMatchObject({ intact: false, fault: { where: 'mirror', seq: 1 } })
  })

  test('a torn last line is cut off and written anew', () => {
    const { journal } = open()
    for (const text of ['a', LONG, LONG]) journal.record('noted', null, text)
    journal.close()
    truncateSync(file, readFileSync(file).length - 1_000)
    expect(mirrorEnd(file)).toMatchObject({ lastSeq: 2, isTorn: true })
    const verdict = open().journal.open()
    expect(verdict).toMatchObject({ intact: true, length: 3, mirrored: 3 })
    expect(dropTornLine(file)).toBe(false)
  })

  test('two journals on one store write each entry once, in order', () => {
    const [one, other] = [open(), open()]
    for (let round = 0; round < 20; round++) {
      const { journal } = round % 3 === 0 ? one : other
      journal.record('noted', null, `round ${round}`)
      if (round % 2 === 0) journal.close()
    }
    one.journal.close()
    expect([...readMirror(file)].map(({ entry }) => entry?.seq)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1))
    expect(verifyAudit(one.database, file).intact).toBe(true)
  })

  test('nothing is added to a mirror whose end is not ours, and that is said', () => {
    const { database, journal, log } = open()
    journal.record('noted', null, 'first')
    journal.close()
    appendFileSync(file, 'forged\n')
    journal.record('noted', null, 'second')
    journal.close()
    expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(2)
    expect(log.lines).toContainEqual({ level: 'error', message: expect.stringContaining('changed by somebody else') })
    expect(verifyAudit(database, file)).toMatchObject({ intact: false, fault: { where: 'mirror', seq: 2 } })
  })

  test('a lost store takes its trail back, and the trail goes on', () => {
    const first = open()
    for (let count = 0; count < 5; count++) first.journal.record('noted', null, `entry ${count}`, { count, nested: { b: 1, a: [null] } })
    first.journal.close()
    const { database, journal } = open('fresh.db')
    expect(restoreAudit(database, file)).toBe(5)
    expect(restoreAudit(database, file)).toBe(0)
    expect(journal.open()).toMatchObject({ intact: true, length: 5 })
    journal.record('noted', null, 'after')
    journal.close()
    expect(verifyAudit(database, file)).toMatchObject({ intact: true, length: 6, mirrored: 6 })
  })

  test('of a broken mirror only what is good is taken back, and the fault stays visible', () => {
    const first = open()
    for (let count = 0; count < 5; count++) first.journal.record('noted', null, `entry ${count}`)
    first.journal.close()
    writeFileSync(file, readFileSync(file, 'utf8').replace('entry 3', 'entry 9'))
    const { database, journal } = open('fresh.db')
    expect(restoreAudit(database, file)).toBe(3)
    expect(journal.open()).toMatchObject({ intact: false, length: 3, fault: { where: 'mirror', seq: 4 } })
  })
})
