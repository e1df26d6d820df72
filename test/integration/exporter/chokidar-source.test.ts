import { mkdirSync, unlinkSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { DirectoryCounts, type CountedPlace } from '../../../src/exporter/directory-counts.ts'
import { ChokidarSource } from '../../../src/exporter/sources/chokidar-source.ts'
import type { FileSink } from '../../../src/exporter/sources/file-source.ts'
import { isNetworkFilesystem } from '../../../src/lib/linux/filesystem-kind.ts'
import { FakeClock } from '../../support/clock.ts'
import { keptLog } from '../../support/log.ts'
import { afterTest, temporaryDirectory } from '../../support/temporary.ts'
import { waitFor } from '../../support/wait-for.ts'

test('a folder that other machines write to is polled, and its files are not read for their content', async () => {
  const directory = temporaryDirectory()
  mkdirSync(`${directory}/below`)
  const counts = new DirectoryCounts(new FakeClock())
  counts.configure({ roots: [{ path: directory, realPath: directory, depth: 0, ignore: [] }], exclude: [], directoriesMax: 10 })
  let finished = 0
  const sink: FileSink<CountedPlace> = {
    locate: (path, raw) => counts.locate(path, raw),
    happened: (tallies) => {
      for (const [place, byPid] of tallies) for (const tally of byPid.values()) counts.add(place, tally)
    },
    wantsFinished: () => true,
    finished: () => finished++,
    overflowed: () => undefined,
    emptied: () => undefined,
  }
  const source = new ChokidarSource({ sink, log: keptLog(), isRemote: () => true, pollIntervalMs: 50 })
  afterTest(() => source.close())
  expect(await source.watch([directory])).toEqual(new Map())
  writeFileSync(`${directory}/a`, '')
  writeFileSync(`${directory}/below/b`, '')
  const [series] = counts.series()
  await waitFor('both files', () => series?.count === 2)
  unlinkSync(`${directory}/a`)
  await waitFor('the deletion', () => series?.deleted === 1)
  expect(finished).toBe(0)
})

test('a disk of this machine is no network file system, and a folder that is gone is refused with a sentence', async () => {
  expect(isNetworkFilesystem(temporaryDirectory())).toBe(false)
  const sink: FileSink = {
    locate: () => undefined,
    happened: () => undefined,
    wantsFinished: () => false,
    finished: () => undefined,
    overflowed: () => undefined,
    emptied: () => undefined,
  }
  const source = new ChokidarSource({ sink, log: keptLog(), isRemote: isNetworkFilesystem, pollIntervalMs: 50 })
  afterTest(() => source.close())
  expect([...(await source.watch(['/no/such/folder'])).values()]).toEqual([expect.stringContaining('ENOENT')])
})
