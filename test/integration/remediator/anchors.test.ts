import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { beforeEach, describe, expect, test } from 'vitest'
import { hashEntry } from '../../../src/remediator/audit/chain.ts'
import { mirrorPath } from '../../../src/remediator/audit/mirror.ts'
import type { AuditEntry } from '../../../src/remediator/model.ts'
import { databasePath } from '../../../src/remediator/store/database.ts'
import { choosePort } from '../../../src/stack/ports.ts'
import { findTool } from '../../../src/stack/tools.mjs'
import { alertOf, payloadOf, post, settledIncident, startRemediator } from '../../support/remediator.ts'
import { temporaryDirectory, temporaryProcess } from '../../support/temporary.ts'
import { waitFor } from '../../support/wait-for.ts'

const CLI = path.resolve(import.meta.dirname, '../../../src/cli/main.ts')

/** A Prometheus that scrapes the remediator every half second. */
async function scraping(target: string): Promise<string> {
  const folder = temporaryDirectory()
  const config = path.join(folder, 'prometheus.yml')
  const scrape = {
    job_name: 'procwarden-remediator',
    scrape_interval: '500ms',
    scrape_timeout: '500ms',
    static_configs: [{ targets: [target] }],
  }
  writeFileSync(config, JSON.stringify({ scrape_configs: [scrape] }))
  const port = await choosePort('prometheus', 0)
  const args = [
    `--config.file=${config}`,
    `--storage.tsdb.path=${folder}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--log.level=error',
  ]
  await temporaryProcess(findTool('prometheus') ?? 'prometheus', args)
  return `http://127.0.0.1:${port}`
}

describe('audit verify --prometheus.url', { timeout: 90_000 }, () => {
  let stateDir: string
  let prometheus: string
  const verify = (...more: string[]) => {
    const run = spawnSync(process.execPath, [CLI, 'audit', 'verify', '--state.dir', stateDir, '--prometheus.url', prometheus, ...more], {
      encoding: 'utf8',
    })
    return { code: run.status, text: run.stdout + run.stderr }
  }
  const sql = (text: string): void => {
    const database = new DatabaseSync(databasePath(stateDir))
    database.exec(`DROP TRIGGER IF EXISTS audit_no_update; DROP TRIGGER IF EXISTS audit_no_delete; ${text}`)
    database.close()
  }

  beforeEach(async () => {
    const remediator = await startRemediator()
    stateDir = remediator.stateDir
    prometheus = await scraping(new URL(remediator.url).host)
    await post(remediator.url, remediator.token, payloadOf([alertOf({ labels: { remediate: 'notify' } })]))
    await settledIncident(remediator)
    const length = /^procwarden_audit_length (\d+)$/m.exec(await (await fetch(`${remediator.url}/metrics`)).text())?.[1]
    await waitFor('Prometheus to have seen the whole trail', async () => {
      const answer = await fetch(`${prometheus}/api/v1/query?query=procwarden_audit_length`).then(
        (response) => response.text(),
        () => '',
      )
      return answer.includes(`"${length}"`)
    })
    await remediator.close()
  })

  test('an untouched trail agrees', () => {
    expect(verify()).toMatchObject({ code: 0, text: expect.stringMatching(/intact.*anchors in Prometheus agree/) })
  })

  test('a tail deleted from store and mirror alike is found', () => {
    sql('DELETE FROM audit WHERE seq > 2')
    const mirror = mirrorPath(stateDir)
    writeFileSync(mirror, `${readFileSync(mirror, 'utf8').split('\n').slice(0, 2).join('\n')}\n`)
    expect(spawnSync(process.execPath, [CLI, 'audit', 'verify', '--state.dir', stateDir]).status).toBe(0)
    expect(verify()).toMatchObject({ code: 1, text: expect.stringMatching(/entry 3 against Prometheus.*missing/) })
  })

  test('a history that was rewritten with fitting hashes is found', () => {
    const mirror = mirrorPath(stateDir)
    const entries = readFileSync(mirror, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as AuditEntry)
    let prev = entries[0]?.hash ?? ''
    const forged = entries.map((entry, index) => {
      if (index === 0) return entry
      const { hash: _hash, ...rest } = { ...entry, prev, ...(index === 1 ? { text: 'Nothing happened.' } : {}) }
      prev = hashEntry(rest)
      return { ...rest, hash: prev }
    })
    for (const { seq, text, prev: before, hash } of forged)
      sql(`UPDATE audit SET text = '${text.replaceAll("'", "''")}', prev = '${before}', hash = '${hash}' WHERE seq = ${seq}`)
    writeFileSync(mirror, forged.map((entry) => `${JSON.stringify(entry)}\n`).join(''))
    expect(spawnSync(process.execPath, [CLI, 'audit', 'verify', '--state.dir', stateDir]).status).toBe(0)
    expect(verify()).toMatchObject({ code: 1, text: expect.stringContaining('was rewritten since') })
  })

  test('a trail that nobody published, and a Prometheus that does not answer, are no agreement', () => {
    const foreign = spawnSync(
      process.execPath,
      [CLI, 'audit', 'verify', '--state.dir', stateDir, '--prometheus.url', 'http://127.0.0.1:1'],
      {
        encoding: 'utf8',
      },
    )
    expect([foreign.status, foreign.stderr]).toEqual([1, expect.stringContaining('did not answer')])
    expect(verify('--prometheus.instance', 'elsewhere:1')).toMatchObject({ code: 1, text: expect.stringContaining('holds no anchors') })
  })
})
