import {
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { openFolder } from '../../../src/lib/linux/anchored-folder.ts'
import { httpEndpoint } from '../../support/http-endpoint.ts'
import { accuse, startWith } from '../../support/policies.ts'
import { alertOf, incidentsOf, payloadOf, post, settledIncident } from '../../support/remediator.ts'
import { wholeIncident } from '../../support/people.ts'
import { clearUp, rollBack, storm, stormLabels } from '../../support/storm.ts'
import { afterTest, temporaryDirectory, temporaryProcess } from '../../support/temporary.ts'
import { waitFor } from '../../support/wait-for.ts'
import { startWriter } from '../../support/writer.ts'

/** An exporter's answer: five files that are alike, by a program of that group. */
function exporterThatSaw(folder: string, group: () => string): Promise<string> {
  const counts = { filesCreated: 5, filesDeleted: 0, filesExamined: 5, duplicateShare: 0.8 }
  return httpEndpoint((_request, response) => {
    const directories = [{ directory: folder, ...counts, writers: [{ group: group(), pid: 7, filesCreated: 5 }] }]
    response.end(JSON.stringify({ recent: { windowSeconds: 300, writers: [], directories } }))
  })
}

describe('quarantine', () => {
  test("takes the storm's files and nothing else, and brings them back in part and in whole", async () => {
    const hostile = '-rf $(touch pwned) \n\u001b[31m "quoted".txt'
    const { folder, writer } = await storm([hostile])
    const elsewhere = temporaryDirectory()
    writeFileSync(path.join(elsewhere, 'secret'), 'untouched')
    symlinkSync(path.join(elsewhere, 'secret'), path.join(folder, 'link-to-file'))
    symlinkSync(elsewhere, path.join(folder, 'link-to-folder'))
    const before = readdirSync(folder).toSorted()
    const remediator = await startWith([clearUp()])
    await accuse(remediator, writer.pid, { labels: stormLabels(folder) })
    const incident = await settledIncident(remediator)
    expect(incident).toMatchObject({ outcome: 'killed', action: 'kill' })
    expect(readdirSync(folder).toSorted()).toEqual(['letter.txt', 'link-to-file', 'link-to-folder'])
    expect(readFileSync(path.join(elsewhere, 'secret'), 'utf8')).toBe('untouched')
    const moved = incident.timeline.find((entry) => entry.event === 'quarantined')
    expect(moved?.data).toMatchObject({ files: 41, missed: 0, left: { older: 1, not_regular: 2 } })

    const [one, two] = ['doc-0', 'doc-1'].map((prefix) => path.join(folder, before.find((name) => name.startsWith(prefix)) ?? ''))
    expect((await rollBack(remediator, incident.id, [one ?? ''])).failed).toEqual([])
    expect(existsSync(one ?? '')).toBe(true)
    // What has come meanwhile under the name of another is not overwritten.
    writeFileSync(two ?? '', 'new')
    const report = await rollBack(remediator, incident.id)
    expect(report.failed.join()).toContain('another file has its name now')
    expect(report.cannot.join()).toContain('was ended and cannot be brought back')
    expect(readFileSync(two ?? '', 'utf8')).toBe('new')
    expect(readdirSync(folder).toSorted()).toEqual(before)
    renameSync(two ?? '', `${two}.mine`)
    expect((await rollBack(remediator, incident.id)).failed).toEqual([])
    expect(readdirSync(folder)).toHaveLength(before.length + 1)
  })

  test('copies only: of each content the oldest stays', async () => {
    const { folder, writer } = await storm()
    const remediator = await startWith([clearUp({ duplicates_only: true })])
    await accuse(remediator, writer.pid, { labels: stormLabels(folder) })
    await settledIncident(remediator)
    const left = readdirSync(folder).filter((name) => name.startsWith('doc-'))
    const contents = left.map((name) => readFileSync(path.join(folder, name), 'utf8'))
    expect(new Set(contents).size).toBe(contents.length)
    expect(left.length).toBeLessThan(40)
    expect(left.length).toBeGreaterThan(0)
  })

  test('a file that only looks new is left: its birth counts, not its last change', async () => {
    const { folder, writer } = await storm()
    const future = new Date(Date.now() + 60_000)
    utimesSync(path.join(folder, 'letter.txt'), future, future)
    linkSync(path.join(folder, 'letter.txt'), path.join(folder, 'doc-linked'))
    const remediator = await startWith([clearUp()])
    await accuse(remediator, writer.pid, { labels: stormLabels(folder) })
    await settledIncident(remediator)
    expect(readdirSync(folder).toSorted()).toEqual(['doc-linked', 'letter.txt'])
  })

  test.runIf(process.getuid?.() === 0)("another user's files are left", async () => {
    const { folder, writer } = await storm()
    for (const name of readdirSync(folder).filter((each) => each.endsWith('1'))) chownSync(path.join(folder, name), 65_534, 65_534)
    const others = readdirSync(folder).filter((each) => each.endsWith('1'))
    const remediator = await startWith([clearUp()])
    await accuse(remediator, writer.pid, { labels: stormLabels(folder) })
    await settledIncident(remediator)
    expect(readdirSync(folder).toSorted()).toEqual([...others, 'letter.txt'].toSorted())
  })

  test.each([
    ['/etc', 'in /etc'],
    ['/', 'in /'],
    ['/proc/self', 'in /proc'],
    ['/etc/../etc', 'in /etc'],
    ['relative/folder', 'not an absolute path'],
    ['/nowhere/at/all', 'is not there'],
  ])('nothing is ever taken from %s', async (directory, why) => {
    const accused = await temporaryProcess('sleep', ['600'])
    const remediator = await startWith([clearUp()])
    await accuse(remediator, accused.pid, { labels: { directory } })
    const incident = await settledIncident(remediator)
    expect(incident.timeline.filter((entry) => entry.event === 'acted').at(-1)?.text).toContain(why)
    expect(incident.timeline.map((entry) => entry.event)).not.toContain('quarantined')
  })

  test('a policy may say below which folders; a link out of them does not lead there', async () => {
    const { folder, writer } = await storm()
    const allowed = temporaryDirectory()
    symlinkSync(folder, path.join(allowed, 'way-out'))
    const remediator = await startWith([clearUp({ below: [allowed] })])
    await accuse(remediator, writer.pid, { labels: { group: 'file-writer.mjs', directory: path.join(allowed, 'way-out') } })
    const incident = await settledIncident(remediator)
    expect(incident.timeline.filter((entry) => entry.event === 'acted').at(-1)?.text).toContain(
      'in none of the folders that the policy allows',
    )
    expect(readdirSync(folder).filter((name) => name.startsWith('doc-'))).toHaveLength(40)
  })

  test('copies that a program of a known category left are not offered to be moved away; the exporter knows whose they are', async () => {
    const folder = temporaryDirectory()
    for (let n = 0; n < 5; n++) writeFileSync(path.join(folder, `part-${n}`), 'the same')
    let group = 'tar'
    const url = await exporterThatSaw(folder, () => group)
    const remediator = await startWith(
      [{ ...clearUp(), ladder: ['freeze', 'quarantine'], verify: [{ kind: 'check', command: ['true'] }], confidence: 'high' }],
      {
        config: { exporter: { url } },
      },
    )
    const tell = (fingerprint: string): Promise<Response> =>
      post(
        remediator.url,
        remediator.token,
        payloadOf([alertOf({ fingerprint, labels: { ...stormLabels(folder), alertname: 'DuplicateFiles' } })]),
      )
    await tell('d0d1')
    expect(await settledIncident(remediator)).toMatchObject({ reason: 'confidence_low', target: { kind: 'folder', group: 'tar' } })
    expect(readdirSync(folder)).toHaveLength(5)
    group = 'report.py'
    await tell('d0d2')
    await waitFor('the other incident', async () => (await incidentsOf(remediator)).some(({ target }) => target?.group === 'report.py'))
  }, 60_000)

  test('steps for a writer that has ended are passed over; its files are moved all the same', async () => {
    const folder = temporaryDirectory()
    for (let n = 0; n < 5; n++) writeFileSync(path.join(folder, `part-${n}`), 'the same')
    const remediator = await startWith([
      { ...clearUp(), ladder: ['freeze', 'kill', 'quarantine'], verify: [{ kind: 'check', command: ['true'] }] },
    ])
    await post(remediator.url, remediator.token, payloadOf([alertOf({ fingerprint: 'd0d3', labels: stormLabels(folder) })]))
    expect(await settledIncident(remediator)).toMatchObject({ outcome: 'quarantined', target: { kind: 'folder', name: folder } })
    expect(readdirSync(folder)).toEqual([])
  }, 60_000)

  test('an ended writer is gone, whatever other processes its program has: its files are moved once, and nobody is called', async () => {
    const folder = temporaryDirectory()
    for (let n = 0; n < 5; n++) writeFileSync(path.join(folder, `part-${n}`), 'the same')
    const other = await temporaryProcess('sleep', ['600'])
    const url = await exporterThatSaw(folder, () => 'sleep')
    const remediator = await startWith([{ ...clearUp(), ladder: ['freeze', 'kill', 'quarantine'] }], { config: { exporter: { url } } })
    await post(remediator.url, remediator.token, payloadOf([alertOf({ fingerprint: 'd0d5', labels: stormLabels(folder) })]))
    const { id } = await settledIncident(remediator)
    expect(await wholeIncident(remediator, id)).toMatchObject({
      outcome: 'quarantined',
      attempts: 1,
      escalations: [],
      target: { kind: 'folder', group: 'sleep' },
    })
    expect(readdirSync(folder)).toEqual([])
    expect([other.exitCode, other.signalCode]).toEqual([null, null])
  })

  test.each(['../../../../../../etc', '/etc/passwd', '/no/such/folder'])('%s names no folder: nobody is suspected', async (directory) => {
    const remediator = await startWith([{ ...clearUp(), ladder: ['freeze', 'kill', 'quarantine'], verify: ['gone'] }])
    await post(remediator.url, remediator.token, payloadOf([alertOf({ fingerprint: 'd0d4', labels: stormLabels(directory) })]))
    expect(await settledIncident(remediator)).toMatchObject({ reason: 'target_unknown', target: null })
  })

  test('what a stopped writer left is cleared up by the next alert about its folder', async () => {
    const { folder, writer } = await storm()
    const remediator = await startWith([
      { name: 'stop', match: ['remediate="kill"'], action: 'kill' },
      {
        name: 'clean',
        match: ['remediate="quarantine"'],
        ladder: ['freeze', 'quarantine'],
        verify: [{ kind: 'check', command: ['true'] }],
      },
    ])
    await accuse(remediator, writer.pid, { labels: { group: 'file-writer.mjs' } })
    await settledIncident(remediator)
    const duplicates = alertOf({ fingerprint: 'd0d0', labels: { alertname: 'DuplicateFiles', remediate: 'quarantine', directory: folder } })
    await post(remediator.url, remediator.token, payloadOf([duplicates]))
    await waitFor('an empty folder', () => readdirSync(folder).join() === 'letter.txt')
    expect(readdirSync(folder)).toEqual(['letter.txt'])
  })
})

const SHARED_MEMORY = '/dev/shm'
const isOtherFileSystem = existsSync(SHARED_MEMORY) && statSync(SHARED_MEMORY).dev !== statSync(os.tmpdir()).dev

test.runIf(isOtherFileSystem)('files of another file system stay on it, where only procwarden may look', async () => {
  const folder = mkdtempSync(path.join(SHARED_MEMORY, 'procwarden-test-'))
  const place = path.join(SHARED_MEMORY, '.procwarden-quarantine')
  const wasThere = existsSync(place)
  afterTest(() => {
    rmSync(folder, { recursive: true, force: true })
    if (!wasThere) rmSync(place, { recursive: true, force: true })
  })
  const writer = await startWriter()
  await writer.create({ dir: folder, count: 5, prefix: 'doc-' })
  const remediator = await startWith([clearUp()])
  await accuse(remediator, writer.pid, { labels: stormLabels(folder) })
  const incident = await settledIncident(remediator)
  const moved = incident.timeline.find((entry) => entry.event === 'quarantined')
  expect(moved?.data).toMatchObject({ files: 5, directory: expect.stringContaining(place) })
  expect(statSync(place).mode & 0o077).toBe(0)
  expect((await rollBack(remediator, incident.id)).failed).toEqual([])
  expect(readdirSync(folder)).toHaveLength(5)
})

test('a folder that is exchanged for a link while files are moved is not followed', () => {
  const root = temporaryDirectory()
  mkdirSync(path.join(root, 'storm'))
  const folder = openFolder(path.join(root, 'storm'))
  writeFileSync(path.join(root, 'storm', 'ours'), 'x')
  renameSync(path.join(root, 'storm'), path.join(root, 'moved'))
  symlinkSync('/etc', path.join(root, 'storm'))
  expect(folder.names().map(String)).toEqual(['ours'])
  expect(folder.lstat('passwd')).toBeUndefined()
  folder.close()
  expect(() => openFolder(path.join(root, 'storm'))).toThrow(/ELOOP|ENOTDIR/)
})
