import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { Database } from '../../../src/remediator/store/database.ts'
import { rememberApproval, rememberedApproval } from '../../../src/remediator/store/first-approvals.ts'
import { listRememberedApprovals } from '../../../src/remediator/store/first-approvals/list-remembered-approvals.ts'
import { MIGRATIONS } from '../../../src/remediator/store/migrations.ts'
import { afterTest, temporaryDirectory } from '../../support/temporary.ts'

/** Before answers were bound to exact steps. */
const BY_WORDS = 5
const shell = (script: string): string => JSON.stringify([{ action: 'command', argv: ['/bin/sh', '-c', script] }])
const occasion = { policy: 'p', group: 'shop', action: 'run /bin/sh for' }

function opened(file = `${temporaryDirectory()}/procwarden.db`): Database {
  const database = Database.open(file)
  afterTest(() => database.close())
  return database
}

function said(database: Database, answer: 'approve' | 'deny', steps: string): void {
  rememberApproval(database, { ...occasion, steps, answer, standing: true, by: 'ann', how: 'api', incident: 'i', at: '' })
}

describe('a remembered answer', () => {
  test('of yes is for exactly its steps, however alike others are called', () => {
    const database = opened()
    said(database, 'approve', shell('echo'))
    expect(rememberedApproval(database, { ...occasion, steps: shell('echo') })).toMatchObject({ answer: 'approve' })
    expect(rememberedApproval(database, { ...occasion, steps: shell('rm') })).toBeUndefined()
  })

  test('of no is for all that is called the same, except for steps that were answered themselves', () => {
    const database = opened()
    said(database, 'deny', shell('rm'))
    said(database, 'approve', shell('echo'))
    expect(rememberedApproval(database, { ...occasion, steps: shell('echo') })).toMatchObject({ answer: 'approve' })
    for (const steps of [shell('rm'), shell('rm -r')])
      expect(rememberedApproval(database, { ...occasion, steps })).toMatchObject({ answer: 'deny' })
    expect(rememberedApproval(database, { ...occasion, group: 'other', steps: shell('rm') })).toBeUndefined()
  })

  test('that was kept by words alone is no yes any more; a no stays', () => {
    const file = `${temporaryDirectory()}/procwarden.db`
    const old = new DatabaseSync(file)
    for (const sql of MIGRATIONS.slice(0, BY_WORDS)) old.exec(sql)
    const columns = '(policy, program, action, answer, standing, given_by, how, incident, at)'
    old.exec(`PRAGMA user_version = ${BY_WORDS};
      INSERT INTO first_approvals ${columns} VALUES ('p', 'shop', 'kill', 'approve', 1, 'ann', 'cli', 'i', '');
      INSERT INTO first_approvals ${columns} VALUES ('p', 'shop', 'restart', 'deny', 1, 'ann', 'cli', 'i', '')`)
    old.close()
    const database = opened(file)
    expect(rememberedApproval(database, { ...occasion, action: 'kill', steps: '[{"action":"kill"}]' })).toBeUndefined()
    expect(rememberedApproval(database, { ...occasion, action: 'restart', steps: '[{"action":"restart"}]' })).toMatchObject({
      answer: 'deny',
    })
    expect(listRememberedApprovals(database).map(({ action }) => action)).toEqual(['restart'])
  })
})
