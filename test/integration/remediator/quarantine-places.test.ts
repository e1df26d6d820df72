import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test, type TestContext } from 'vitest'
import type { IncidentView } from '../../../src/remediator/incident-view.ts'
import { accuse, alarm, startWith } from '../../support/policies.ts'
import { incidentsOf, settledIncident, type TestRemediator } from '../../support/remediator.ts'
import { wholeIncident } from '../../support/people.ts'
import { clearUp, rollBack, storm, stormLabels } from '../../support/storm.ts'
import { afterTest, temporaryDirectory } from '../../support/temporary.ts'
import { waitFor } from '../../support/wait-for.ts'

const PLACE = '.procwarden-quarantine'

type Skip = TestContext['skip']

/** The test is skipped where mounting is not allowed. */
function mount(directory: string, skip: Skip, ...args: readonly string[]): void {
  if (spawnSync('mount', [...args, directory]).status !== 0) skip('mounting is not allowed')
  afterTest(() => void spawnSync('umount', ['--lazy', directory]))
}

/** A file system of its own. */
function disk(skip: Skip): string {
  const directory = temporaryDirectory()
  mount(directory, skip, '-t', 'tmpfs', '-o', 'size=16m', 'tmpfs')
  return directory
}

/** A state folder and a folder of files on one file system, where nothing can be renamed from one to the other. */
function boundDisk(skip: Skip) {
  const root = disk(skip)
  const files = path.join(root, 'files')
  mkdirSync(files)
  mount(files, skip, '--bind', files)
  return { root, files, stateDir: path.join(root, 'state') }
}

function linkTo(folder: string): string {
  const link = path.join(temporaryDirectory(), 'link')
  symlinkSync(folder, link)
  return link
}

const movesOf = ({ timeline }: IncidentView) => timeline.filter(({ event }) => event === 'quarantined')
const lastDeed = ({ timeline }: IncidentView) => timeline.findLast(({ event }) => event === 'acted')?.text

async function tellOfDuplicates(remediator: TestRemediator, directory: string) {
  await alarm(remediator, { fingerprint: 'd0d0', labels: { alertname: 'DuplicateFiles', remediate: 'duplicates', directory } })
  return waitFor('the end of the second incident', async () =>
    (await incidentsOf(remediator)).find(({ alertname, status }) => alertname === 'DuplicateFiles' && status === 'done'),
  )
}

const alsoDuplicates = {
  name: 'duplicates',
  match: ['remediate="duplicates"'],
  ladder: ['freeze', 'quarantine'],
  verify: [{ kind: 'check', command: ['true'] }],
}

describe('between two mounts of one file system', () => {
  test('files go to the first place that can take them; nothing is left of the others', async ({ skip }) => {
    const { root, files, stateDir } = boundDisk(skip)
    const { writer } = await storm([], files)
    const before = readdirSync(files).toSorted()
    const remediator = await startWith([clearUp()], { stateDir })
    await accuse(remediator, writer.pid, { labels: stormLabels(files) })
    const incident = await wholeIncident(remediator, (await settledIncident(remediator)).id)
    expect(incident).toMatchObject({ outcome: 'killed', attempts: 1 })
    expect(incident.quarantines).toMatchObject([{ files: 40, directory: expect.stringContaining(path.join(files, PLACE)) }])
    expect(movesOf(incident).map(({ data }) => data)).toEqual([
      expect.objectContaining({ files: 40, missed: 0, directory: expect.stringContaining(path.join(files, PLACE)) }),
    ])
    expect(readdirSync(files).toSorted()).toEqual([PLACE, 'letter.txt'])
    expect([existsSync(path.join(root, PLACE)), existsSync(path.join(stateDir, 'remediator', 'quarantine'))]).toEqual([false, false])
    expect((await rollBack(remediator, incident.id)).failed).toEqual([])
    expect(readdirSync(files).toSorted()).toEqual([PLACE, ...before].toSorted())
  })

  test('where none can, that is said, and there is nothing to roll back', async ({ skip }) => {
    const { files, stateDir } = boundDisk(skip)
    const { writer } = await storm([], files)
    const remediator = await startWith([clearUp()], { stateDir })
    writeFileSync(path.join(files, PLACE), 'no folder')
    await accuse(remediator, writer.pid, { labels: stormLabels(files) })
    const incident = await wholeIncident(remediator, (await settledIncident(remediator)).id)
    expect(incident).toMatchObject({ attempts: 1, quarantines: [] })
    expect(lastDeed(incident)).toContain('may be used as quarantine')
    expect(readdirSync(files)).toHaveLength(42)
    expect((await rollBack(remediator, incident.id)).failed).toEqual([])
  })
})

test('on a disk that has room for one more folder, that is what is told; it is no fault of procwarden', async ({ skip }) => {
  const folder = temporaryDirectory()
  mount(folder, skip, '-t', 'tmpfs', '-o', 'size=4m,nr_inodes=64', 'tmpfs')
  const { writer } = await storm([], folder)
  for (let n = 0; spawnSync('mkdir', [path.join(folder, `filler-${n}`)]).status === 0 && n < 64; n++);
  rmdirSync(path.join(folder, 'filler-0'))
  const remediator = await startWith([{ ...clearUp(), attempts: 1, verify: [{ kind: 'check', command: ['false'] }] }])
  await accuse(remediator, writer.pid, { labels: stormLabels(folder) })
  const incident = await settledIncident(remediator)
  expect(incident).toMatchObject({ outcome: 'failed', reason: 'interrupted' })
  expect(lastDeed(incident)).toMatch(/broke off: ENOSPC/)
  expect(readdirSync(folder).filter((name) => name.startsWith('doc-'))).toHaveLength(40)
})

describe("what is procwarden's own", () => {
  test('a place within the folder of the storm is not looked into, by whatever incident', async ({ skip }) => {
    const folder = disk(skip)
    const { writer } = await storm([], folder)
    const before = readdirSync(folder).toSorted()
    const remediator = await startWith([clearUp(), alsoDuplicates])
    await accuse(remediator, writer.pid, { labels: stormLabels(folder) })
    const first = await settledIncident(remediator)
    expect(movesOf(first)[0]?.data).toMatchObject({ files: 40, directory: expect.stringContaining(path.join(folder, PLACE)) })
    expect(lastDeed(await tellOfDuplicates(remediator, folder))).toContain('No file of the storm is in')
    expect((await rollBack(remediator, first.id)).failed).toEqual([])
    expect(readdirSync(folder).toSorted()).toEqual([PLACE, ...before].toSorted())
  })

  test('nothing is taken from within a place', async () => {
    const folder = path.join(temporaryDirectory(), PLACE, 'an-incident-1', 'files')
    mkdirSync(folder, { recursive: true })
    const { writer } = await storm([], folder)
    const remediator = await startWith([clearUp()])
    await accuse(remediator, writer.pid, { labels: stormLabels(folder) })
    const incident = await settledIncident(remediator)
    expect(lastDeed(incident)).toContain('is in a quarantine')
    expect(readdirSync(folder)).toHaveLength(41)
  })

  test('a state folder that a link leads to is not looked into', async () => {
    const { folder, writer } = await storm()
    const remediator = await startWith([clearUp()], { stateDir: path.join(linkTo(folder), 'state') })
    const own = path.join(folder, 'state', 'remediator')
    const before = readdirSync(own)
    await accuse(remediator, writer.pid, { labels: stormLabels(folder) })
    expect(movesOf(await settledIncident(remediator))[0]?.data).toMatchObject({ files: 40 })
    expect(readdirSync(own)).toEqual(expect.arrayContaining(before))
  })

  test('nothing is taken from within a state folder that a link leads to', async () => {
    const { folder, writer } = await storm()
    const remediator = await startWith([clearUp()], { stateDir: linkTo(folder) })
    await accuse(remediator, writer.pid, { labels: stormLabels(folder) })
    expect(lastDeed(await settledIncident(remediator))).toContain("in procwarden's own state folder")
  })
})
